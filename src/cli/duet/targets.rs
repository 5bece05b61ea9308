//! The two targets of a duet: services that run already, commands that are started for each
//! restart, or the embedded backend.

use tokio::runtime::Runtime;

use crate::cli::args::SidesArgs;
use crate::cli::backend::Backend;
use crate::cli::duet::cores::{Cores, Held};
use crate::cli::{Ended, run, safety};
use crate::demo::Fault;
use crate::driver::{self, Ready, Service};
use crate::executor::Stop;

/// What the sides are; side a first.
pub enum Targets {
    /// Services that run already.
    Urls([String; 2]),
    /// Commands.
    Commands([String; 2], Ready),
    /// The embedded backend with these faults.
    Embedded([Vec<Fault>; 2]),
}

/// The targets of one restart; dropping them ends what was started for it.
pub enum Started {
    /// Nothing was.
    Urls,
    /// Services, and what runs their watch.
    Services(Vec<Service>),
    /// Embedded backends, which end when they are dropped.
    Embedded(#[expect(dead_code, reason = "they are held, not used")] Vec<Backend>),
}

impl Targets {
    /// What the command line says.
    ///
    /// # Errors
    /// A URL that is none.
    pub fn of(args: &SidesArgs) -> Result<Self, Ended> {
        if let (Some(a), Some(b)) = (&args.a, &args.b) {
            let url = |text: &str| safety::target(text).map(|url| url.to_string());
            return Ok(Self::Urls([url(a)?, url(b)?]));
        }
        if let (Some(a), Some(b)) = (&args.a_command, &args.b_command) {
            let ready = Ready { path: args.ready.clone(), within: args.ready_within };
            return Ok(Self::Commands([a.clone(), b.clone()], ready));
        }
        Ok(Self::Embedded([args.a_fault.clone(), args.b_fault.clone()]))
    }

    /// Whether they are started anew for each restart.
    pub fn restart(&self) -> bool {
        !matches!(self, Targets::Urls(_))
    }

    /// What each side is, in words.
    pub fn names(&self) -> [String; 2] {
        match self {
            Targets::Urls(urls) => urls.clone(),
            Targets::Commands(commands, _) => commands.clone(),
            Targets::Embedded(faults) => faults.each_ref().map(|faults| {
                let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
                match faults.is_empty() {
                    true => "the embedded backend".to_string(),
                    false => format!("the embedded backend with {}", faults.join(", ")),
                }
            }),
        }
    }

    /// Starts both, in the order of `order` (0 is side a), which the ports follow too, and tells
    /// where each listens: side a first.
    ///
    /// # Errors
    /// What cannot be started, with its last words; an interruption.
    pub fn start(
        &self,
        order: [usize; 2],
        cores: Option<&[Cores; 2]>,
        (runtime, stop): (&Runtime, &Stop),
    ) -> Result<(Started, [String; 2]), Ended> {
        let held = |side: usize| cores.map(|cores| Held::to(&cores[side].service));
        let mut urls = [String::new(), String::new()];
        match self {
            Targets::Urls(known) => Ok((Started::Urls, known.clone())),
            Targets::Embedded(faults) => {
                let mut backends = Vec::new();
                for side in order {
                    let _held = held(side);
                    let backend = Backend::start(&faults[side])?;
                    urls[side].clone_from(&backend.url);
                    backends.push(backend);
                }
                Ok((Started::Embedded(backends), urls))
            }
            Targets::Commands(commands, ready) => {
                let (lower, higher) = driver::free_ports().map_err(Ended::environment)?;
                let mut started = Started::Services(Vec::new());
                for (side, port) in order.into_iter().zip([lower, higher]) {
                    let _held = held(side);
                    let launch = run::launch();
                    let service = Service::start(&launch, (&commands[side], port), ready);
                    let service = runtime.block_on(async {
                        tokio::select! {
                            biased;
                            () = stop.requested() => Err(None),
                            service = service => service.map_err(Some),
                        }
                    });
                    match service {
                        Ok(service) => {
                            urls[side].clone_from(&service.url);
                            started.keep(service);
                        }
                        Err(why) => {
                            started.end(runtime);
                            return Err(not_started(["a", "b"][side], why));
                        }
                    }
                }
                Ok((started, urls))
            }
        }
    }
}

/// No reason is an interruption.
fn not_started(side: &str, why: Option<String>) -> Ended {
    match why {
        Some(why) => Ended::environment(format!("the service of side {side} is not there: {why}")),
        None => Ended::new(
            crate::cli::exit::ExitStatus::Interrupted,
            format!("interrupted while the service of side {side} started"),
        ),
    }
}

impl Started {
    fn keep(&mut self, service: Service) {
        if let Started::Services(services) = self {
            services.push(service);
        }
    }

    /// Why the service at this address did not live to the end of the restart, with its last
    /// words.
    pub fn died(&mut self, url: &str) -> Option<String> {
        let Started::Services(services) = self else { return None };
        let service = services.iter_mut().find(|service| service.url == url)?;
        (!service.is_alive()).then(|| {
            let words = service.last_words();
            format!("its service at {url} ended under load; its last words: {words}")
        })
    }

    /// Ends what was started, and waits until it is gone.
    pub fn end(self, runtime: &Runtime) {
        if let Started::Services(services) = self {
            runtime.block_on(async {
                for service in services {
                    service.end().await;
                }
            });
        }
    }
}
