//! What Taster takes for a click and a read, for noticing a change, and for a fresh page; by the
//! same calls that a test makes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use taster::diagnostic::SourceFile;
use taster::driver::browser::{Browsers, Engine, LastLooking, Launch, Settings};
use taster::driver::{Client, Identity, Session};
use taster::plan::{
    ActionPlan, BrowserPlan, Inputs, Overrides, Plan, ScenarioPlan, Slot, TestPlan, build,
};

use crate::Problem;

/// How often each is done.
pub struct Amounts {
    /// Clicks.
    pub clicks: u32,
    /// After how many milliseconds the text changes, each once.
    pub late: Vec<u32>,
    /// Fresh contexts with their first page.
    pub pages: u32,
}

impl Default for Amounts {
    fn default() -> Self {
        // 300, 700 and 1,500 ms, and times that no schedule of looks is made for.
        let odd = (0..12).map(|n| 113 + (n * 7_919) % 1_900);
        let late = [300, 700, 1_500].into_iter().flat_map(|ms| [ms; 4]).chain(odd).collect();
        Amounts { clicks: 50, late, pages: 15 }
    }
}

impl Amounts {
    /// For the other side.
    pub fn json(&self) -> String {
        json!({ "clicks": self.clicks, "late": self.late, "pages": self.pages }).to_string()
    }
}

/// Milliseconds of each.
#[derive(Debug, Clone, Default)]
pub struct Micro {
    /// A click, and the text read after it.
    pub click: Vec<f64>,
    /// From the change to the moment it was noticed.
    pub late: Vec<f64>,
    /// A fresh context, its first page, and a button seen in it.
    pub page: Vec<f64>,
}

impl Micro {
    /// Of the last line of a program's output.
    pub fn read(text: &str) -> Option<Micro> {
        let value: Value = serde_json::from_str(text.lines().last()?).ok()?;
        let list = |name: &str| -> Option<Vec<f64>> {
            value[name].as_array()?.iter().map(Value::as_f64).collect()
        };
        Some(Micro { click: list("click")?, late: list("late")?, page: list("page")? })
    }
}

/// Does them all with one warm browser.
pub fn taster(here: &Path, target: &str, amounts: &Amounts) -> Result<Micro, Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let plan = planned(here, target)?;
    let scenario = plan.scenarios.first().ok_or("there is no scenario")?;
    runtime.block_on(async {
        let launch = Launch {
            guard: PathBuf::from(env!("CARGO_BIN_EXE_taster")),
            folders: std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect(),
            ..Launch::default()
        };
        let settings = Settings { target: target.to_string(), ..Settings::default() };
        let browsers = Browsers::new(launch, settings);
        let client = Client::new(scenario).map_err(|error| error.to_string())?;
        let user = User { client: client.with_browsers(browsers.clone()), scenario };
        let done = user.all(amounts).await;
        browsers.quit().await;
        done
    })
}

struct User<'p> {
    client: Client,
    scenario: &'p Arc<ScenarioPlan>,
}

impl User<'_> {
    async fn all(&self, amounts: &Amounts) -> Result<Micro, Problem> {
        // The process is started by neither side's clock.
        let warm = self.open(self.test("page")?).await?;
        close(warm).await;
        let mut micro = Micro::default();
        let page = self.test("page")?;
        for _ in 0..amounts.pages {
            let began = Instant::now();
            let mut session = self.open(page).await?;
            self.steps(&mut session, page, 0..2).await?;
            micro.page.push(millis(began.elapsed()));
            close(session).await;
        }
        let click = self.test("click")?;
        let mut session = self.open(click).await?;
        self.steps(&mut session, click, 0..1).await?;
        for n in 1..=amounts.clicks {
            let began = Instant::now();
            self.steps(&mut session, click, 1..2).await?;
            micro.click.push(millis(began.elapsed()));
            let count = session.get(self.slot("count")?).cloned().unwrap_or_default();
            if count != json!(n.to_string()) {
                return Err(format!("the count is {count}, not {n}"));
            }
        }
        let late = self.test("late")?;
        for after in &amounts.late {
            session.set(self.slot("after")?, json!(after.to_string()));
            self.steps(&mut session, late, 1..3).await?;
            let noticed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            self.steps(&mut session, late, 3..4).await?;
            let changed = session.get(self.slot("changed")?).and_then(Value::as_f64);
            let changed = changed.ok_or("the page did not say when it changed")?;
            micro.late.push(millis(noticed) - changed);
        }
        close(session).await;
        Ok(micro)
    }

    fn test(&self, name: &str) -> Result<&TestPlan, Problem> {
        let found = self.scenario.tests.iter().find(|test| test.name == name);
        found.ok_or_else(|| format!("there is no test `{name}`"))
    }

    fn slot(&self, name: &str) -> Result<Slot, Problem> {
        let at = self.scenario.slots.iter().position(|slot| slot == name);
        Ok(Slot(at.ok_or_else(|| format!("there is no variable `{name}`"))? as u16))
    }

    async fn open(&self, test: &TestPlan) -> Result<Session, Problem> {
        let mut session = Session::open(&self.client, Identity { user: 1, seed: 1 });
        let opened = session.open_browser(Engine::Chromium, &test.page).await;
        opened.map_err(|exemplar| exemplar.message.clone())?;
        Ok(session)
    }

    async fn steps(
        &self,
        session: &mut Session,
        test: &TestPlan,
        which: std::ops::Range<usize>,
    ) -> Result<(), Problem> {
        let steps: Vec<&BrowserPlan> = test.steps[which]
            .iter()
            .filter_map(|node| match &node.action {
                ActionPlan::Browser(step) => Some(&**step),
                _ => None,
            })
            .collect();
        for step in steps {
            for exchange in session.browse(&[step]).await {
                if exchange.outcome.is_err() {
                    let said = exchange.exemplar.map(|exemplar| exemplar.message);
                    return Err(format!("{}: {}", step.name, said.unwrap_or_default()));
                }
            }
        }
        Ok(())
    }
}

async fn close(mut session: Session) {
    session.close_browser(LastLooking::None).await;
}

fn planned(here: &Path, target: &str) -> Result<Plan, Problem> {
    let path = here.join("benches/browser/micro.yaml");
    let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
    let file = SourceFile::new("micro.yaml", text);
    let (scenario, _) = taster::scenario::parse(&file).map_err(|error| error.to_string())?;
    let mut inputs = Inputs::default();
    inputs.scenarios.push(scenario);
    let overrides = Overrides { target: target.to_string(), tests: true, ..Overrides::default() };
    build(&inputs, &overrides).map_err(|error| error.to_string())
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
