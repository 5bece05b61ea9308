//! What each command is typed like: three examples, which its help begins with.

use clap::{Command, CommandFactory};

use super::Cli;

/// Each command with its examples and what each of them does.
const EXAMPLES: &[(&str, [(&str, &str); 3])] = &[
    (
        "",
        [
            ("taster init", "a first scenario, settings and a pipeline"),
            ("taster run", "the scenarios in scenarios/ on the embedded backend"),
            ("taster run --target https://staging:8443", "the same against a service of yours"),
        ],
    ),
    (
        "run",
        [
            ("taster run", "all of scenarios/, on the embedded backend"),
            ("taster run --target http://localhost:3000", "against a service of yours"),
            ("taster run shop.yaml --profile load --fault slow", "one file, and a slow backend"),
        ],
    ),
    (
        "test",
        [
            ("taster test --tag smoke", "only the tests tagged `smoke`"),
            ("taster test --grep cart --browser firefox --headed", "by name, in one engine"),
            ("taster test --last-failed", "only what failed in the last run"),
        ],
    ),
    (
        "load",
        [
            ("taster load --profile load", "the profile `load` of each scenario"),
            ("taster load shop.yaml --seed 7", "the same requests each time"),
            ("taster load --target https://a.example --allow-load a.example", "a host of yours"),
        ],
    ),
    (
        "plan",
        [
            ("taster plan", "checks all of scenarios/ and says what a run would do"),
            ("taster plan shop.yaml --profile load", "one file with another profile"),
            ("taster plan --gate", "what a comparison with the baselines could see"),
        ],
    ),
    (
        "report",
        [
            ("taster report reports/latest", "judges the last run again"),
            ("taster report reports/latest --report ctrf,k6", "in other formats"),
            ("taster report ci/result.json --out again", "into a folder of its own"),
        ],
    ),
    (
        "compare",
        [
            ("taster compare reports/before reports/after", "one run with another"),
            ("taster compare main-1 main-2 main-3 branch", "with three, the oldest first"),
            ("taster compare main branch-1 --also branch-2", "two runs of what is judged"),
        ],
    ),
    (
        "duet",
        [
            ("taster duet --b-fault slow=20ms", "the embedded backend, one side slower"),
            ("taster duet --a http://127.0.0.1:8080 --b http://127.0.0.1:8081", "two services"),
            ("taster duet --replay reports/latest", "the verdict again, from its recordings"),
        ],
    ),
    (
        "merge",
        [
            ("taster merge shard-1 shard-2", "the shards of one run as one"),
            ("taster merge shards/* --report junit,html", "with these reports only"),
            ("taster merge shards/* --fail-on-flaky", "flaky tests fail the whole"),
        ],
    ),
    (
        "verify",
        [
            ("taster verify --target http://127.0.0.1:8080", "GO or ROLLBACK"),
            ("taster verify --target https://a.example --allow-load a.example", "a host of yours"),
            ("taster verify up.yaml --target http://127.0.0.1:8080 --health /up", "one file"),
        ],
    ),
    (
        "baseline",
        [
            ("taster baseline accept --why \"release 1.4\"", "later runs are compared with it"),
            ("taster baseline list", "which there are"),
            ("taster baseline show load", "what those of a profile can tell"),
        ],
    ),
    (
        "demo",
        [
            ("taster demo", "listens on http://127.0.0.1:8080"),
            ("taster demo --listen 127.0.0.1:0", "on any port that is free"),
            ("taster demo --fault errors=10%", "a tenth of its answers are errors"),
        ],
    ),
    (
        "selftest",
        [
            ("taster selftest --quick", "a first look"),
            ("taster selftest", "all checks, for the numbers in a report"),
            ("taster selftest --json", "rows for programs"),
        ],
    ),
    (
        "doctor",
        [
            ("taster doctor", "what this machine has, lacks, and how to mend it"),
            ("taster doctor --browser chromium --install", "gets what one engine needs"),
            ("taster doctor --json", "the same for programs"),
        ],
    ),
    (
        "init",
        [
            ("taster init", "looks at this folder and writes what is missing"),
            ("taster init --dry-run", "only says what it would write"),
            ("taster init ../shop", "in another folder"),
        ],
    ),
    (
        "import",
        [
            ("taster import openapi openapi.yaml --out scenarios/api.yaml", "steps from its paths"),
            ("taster import k6 load.js", "a k6 script, on standard output"),
            ("taster import har shop.har --host shop.example", "what a browser recorded"),
        ],
    ),
    (
        "config",
        [
            ("taster config", "what holds here"),
            ("taster config --show-origin", "and where each value comes from"),
            ("taster config --profile load --json", "with these options, for programs"),
        ],
    ),
    (
        "explain",
        [
            ("taster explain unknown-key", "what a code means, an example, the fix"),
            ("taster explain", "all codes"),
            ("taster explain --json", "all of them with their texts, for programs"),
        ],
    ),
    (
        "schema",
        [
            ("taster schema > scenario.schema.json", "for an editor"),
            ("taster schema | jq '.properties | keys'", "the keys at the top of a file"),
            ("taster schema | jq '.[\"$defs\"] | keys'", "what else it describes"),
        ],
    ),
    (
        "dashboard",
        [
            ("taster dashboard > taster.json", "to be imported in Grafana"),
            ("taster run --metrics-listen 127.0.0.1:9464", "lets a Prometheus read a run for it"),
            ("taster load --otlp", "pushes the same numbers to a collector"),
        ],
    ),
    (
        "completions",
        [
            ("taster completions bash > /etc/bash_completion.d/taster", "bash"),
            ("taster completions zsh > ~/.zfunc/_taster", "zsh, where ~/.zfunc is in $fpath"),
            ("taster completions fish > ~/.config/fish/completions/taster.fish", "fish"),
        ],
    ),
    (
        "man",
        [
            ("taster man | man -l -", "reads the page of `taster`"),
            ("taster man run | man -l -", "that of a command"),
            ("taster man --all --out man1", "writes all of them into a folder"),
        ],
    ),
];

/// What it is, examples, and only then the usage and its options.
const TEMPLATE: &str = "{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n\
    {all-args}{after-help}";

/// The command line with the examples in its help.
pub fn command() -> Command {
    let mut command = Cli::command().help_template(TEMPLATE).before_help(examples(""));
    for (name, _) in EXAMPLES.iter().filter(|(name, _)| !name.is_empty()) {
        command = command
            .mut_subcommand(name, |one| one.help_template(TEMPLATE).before_help(examples(name)));
    }
    command
}

fn examples(name: &str) -> String {
    let rows = EXAMPLES.iter().find(|(of, _)| *of == name).map(|(_, rows)| rows);
    let width = rows.into_iter().flatten().map(|(typed, _)| typed.len()).max().unwrap_or(0);
    let lines = rows.into_iter().flatten().map(|(typed, does)| {
        let line = format!("  {typed:width$}  {does}");
        // A line that breaks would look like two commands.
        if line.chars().count() <= 100 { line } else { format!("  {typed}\n      {does}") }
    });
    format!("Examples:\n{}", lines.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_that_is_shown_has_examples() {
        let shown: Vec<String> = Cli::command()
            .get_subcommands()
            .filter(|command| !command.is_hide_set())
            .map(|command| command.get_name().to_string())
            .collect();
        let have: Vec<&str> = EXAMPLES.iter().map(|(name, _)| *name).collect();
        let missing: Vec<&String> =
            shown.iter().filter(|name| !have.contains(&name.as_str())).collect();
        assert!(missing.is_empty(), "without examples: {missing:?}");
        let gone =
            have.iter().filter(|name| !name.is_empty() && !shown.contains(&name.to_string()));
        assert_eq!(gone.count(), 0);
    }

    /// Whoever copies an example shall not be told that it is wrong.
    #[test]
    fn every_example_is_a_command_line() {
        for (name, rows) in EXAMPLES {
            for (typed, _) in rows {
                let line = typed.split(['>', '|']).next().unwrap_or(typed);
                let words = line.replace("\"release 1.4\"", "release");
                let parsed = command().try_get_matches_from(words.split_whitespace());
                assert!(parsed.is_ok(), "{name}: {typed}: {:?}", parsed.err());
            }
        }
    }
}
