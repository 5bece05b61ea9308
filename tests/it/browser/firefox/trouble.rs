//! Pages that hang, and browsers and drivers that die.

use super::*;

fn answers(_: &Request) -> Vec<Act> {
    html("<h1>Here</h1>")
}

/// The processes of the system: number, parent, command line.
fn processes() -> Vec<(u32, u32, String)> {
    let folders = std::fs::read_dir("/proc").expect("a system with /proc");
    folders
        .flatten()
        .filter_map(|folder| {
            let number = folder.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(folder.path().join("stat")).ok()?;
            let parent = stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()?;
            let line = std::fs::read(folder.path().join("cmdline")).ok()?;
            Some((number, parent, String::from_utf8_lossy(&line).replace('\0', " ")))
        })
        .collect()
}

/// What the guards of this process guard, and all that it started. Whole runs that other tests
/// started at the same time have browsers of their own, which are no matter of ours.
fn flock() -> Vec<(u32, u32, String)> {
    let all = processes();
    let this = std::process::id();
    let mut ours = vec![this];
    let mut found = Vec::new();
    while let Some(parent) = ours.pop() {
        for process in all.iter().filter(|process| process.1 == parent) {
            if parent == this && !process.2.contains(" guard ") {
                continue;
            }
            ours.push(process.0);
            found.push(process.clone());
        }
    }
    found
}

fn kill(wanted: impl Fn(&str) -> bool) {
    let found = flock().into_iter().find(|(_, _, line)| wanted(line));
    let (number, _, _) = found.unwrap_or_else(|| panic!("{:#?}", flock()));
    let pid = rustix::process::Pid::from_raw(number as i32).expect("a number");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it is killed");
}

#[tokio::test]
async fn a_page_that_hangs_takes_nothing_with_it() {
    with_firefox(answers, async |mut firefox, server| {
        let mut one = bench(&mut firefox, &server, Wishes::default()).await;
        one.goto("/").await;
        let hangs = "() => { setTimeout(() => { for (;;); }, 50) }";
        one.channel.evaluate(&[], hangs, &Value::Null, soon()).await.expect("a timer");
        tokio::time::sleep(Duration::from_millis(300)).await;
        let by = Instant::now() + Duration::from_secs(2);
        let asked = one.channel.call(&[], "read", &json!({"from": "title"}), by).await;
        assert!(matches!(asked, Err(Trouble::TimedOut(_))), "{asked:?}");
        assert!(by.elapsed() < Duration::from_secs(2), "{:?}", by.elapsed());
        let by = Instant::now() + Duration::from_secs(1);
        let picture = one.channel.picture(&Default::default(), by).await;
        assert!(picture.is_err(), "{picture:?}");
        one.close().await;
        assert!(firefox.is_alive());
        let mut two = bench(&mut firefox, &server, Wishes::default()).await;
        two.goto("/").await;
        assert_eq!(two.js("document.title").await, "T");
        two.close().await;
        firefox
    })
    .await;
}

#[tokio::test]
async fn a_dead_browser_and_a_dead_driver_are_told_and_nothing_is_left() {
    type Wanted = fn(&str) -> bool;
    let victims: [(&str, Wanted); 3] = [
        ("browser", |line| line.contains("--marionette") || line.contains("--remote-debugging")),
        ("page", |line| line.contains("-isForBrowser")),
        ("driver", |line| line.contains("geckodriver --port") && !line.contains(" guard ")),
    ];
    for (victim, wanted) in victims {
        with_firefox(answers, async |mut firefox, server| {
            let mut one = bench(&mut firefox, &server, Wishes::default()).await;
            one.goto("/").await;
            if victim == "page" {
                // The process of this very page, not one kept in reserve.
                let hot = "() => { const end = Date.now() + 300; while (Date.now() < end); }";
                one.channel.evaluate(&[], hot, &Value::Null, soon()).await.expect("it runs");
                for (number, _, _) in flock().iter().filter(|process| wanted(&process.2)) {
                    let pid = rustix::process::Pid::from_raw(*number as i32).expect("a number");
                    let signal = rustix::process::Signal::KILL;
                    let _ = rustix::process::kill_process(pid, signal);
                }
            } else {
                kill(wanted);
            }
            let by = soon();
            let told = loop {
                let told = one.call("read", json!({"from": "title"})).await;
                match told {
                    Ok(_) | Err(Trouble::Navigated) => {
                        assert!(Instant::now() < by, "{victim}: still there");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                    Err(trouble) => break trouble,
                }
            };
            assert!(matches!(&told, Trouble::Gone(said) if said.contains("gone")), "{told:?}");
            assert!(!firefox.is_alive(), "{victim}");
            let crash = one.log.read().crash.clone();
            assert!(crash.is_some(), "{victim}");
            let again = try_bench(&mut firefox, &server, Wishes::default()).await.err();
            assert!(matches!(again, Some(Trouble::Gone(_))), "{victim}: {again:?}");
            firefox
        })
        .await;
        let by = soon();
        while flock().iter().any(|process| process.2.contains("irefox") || wanted(&process.2)) {
            assert!(Instant::now() < by, "{victim}: {:#?}", flock());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
