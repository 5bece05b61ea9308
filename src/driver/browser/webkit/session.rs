//! Starts one session: a driver, a MiniBrowser with a home of its own, and our proxy before it.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::driver::browser::proxy::Proxy;
use crate::driver::browser::start::{Ask, profile, start_as};
use crate::driver::browser::{Engine, Launch, Started, Trouble, Wire};
use crate::plan::browser::Emulation;

/// How long one may take when nobody waits for it.
pub(super) const START: Duration = Duration::from_secs(60);

/// Without it, the window's buttons keep it wider than a phone is. Pages have their own styles.
const STYLE: &str = "* { font-size: 1px; }
headerbar, toolbar, button, entry, image, box, separator, tab, tabs, header {
  min-width: 0; min-height: 0; padding: 0; margin: 0; border-width: 0;
}
";

/// What WebKit only reads when it starts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Look {
    /// Device pixels of a CSS pixel.
    pub scale: u32,
    pub dark: bool,
    pub still: bool,
    pub locale: Option<String>,
    pub timezone: Option<String>,
    pub user_agent: Option<String>,
}

impl Default for Look {
    fn default() -> Self {
        let (locale, timezone, user_agent) = (None, None, None);
        Look { scale: 1, dark: false, still: false, locale, timezone, user_agent }
    }
}

impl Look {
    /// What an emulation needs at the start.
    ///
    /// # Errors
    /// `Unsupported`, by their keys, for what cannot be pretended at all.
    pub(super) fn of(emulation: &Emulation, remote: bool) -> Result<Look, Trouble> {
        let look = Look {
            scale: emulation.scale as u32,
            dark: emulation.color_scheme.as_deref() == Some("dark"),
            still: emulation.reduced_motion,
            locale: emulation.locale.clone(),
            timezone: emulation.timezone.clone(),
            user_agent: emulation.user_agent.clone(),
        };
        let cpu = emulation.throttle.is_some_and(|throttle| throttle.cpu > 1.0);
        let fraction = emulation.scale < 1.0 || emulation.scale.fract() != 0.0;
        let never = [
            ("mobile", emulation.mobile),
            ("geolocation", emulation.geolocation.is_some()),
            ("permissions", !emulation.permissions.is_empty()),
            ("throttle.cpu", cpu),
            ("scale", fraction),
        ];
        // A browser that somebody else has started is as it is.
        let only_here = [
            ("scale", look.scale != 1),
            ("color-scheme", emulation.color_scheme.is_some()),
            ("reduced-motion", look.still),
            ("locale", look.locale.is_some()),
            ("timezone", look.timezone.is_some()),
            ("user-agent", look.user_agent.is_some()),
        ];
        let only_here = only_here.into_iter().filter(|_| remote);
        unsupported(never.into_iter().chain(only_here))?;
        Ok(look)
    }
}

/// `Unsupported` with the keys that are asked for.
pub(super) fn unsupported(keys: impl Iterator<Item = (&'static str, bool)>) -> Result<(), Trouble> {
    let mut asked: Vec<&str> = keys.filter(|(_, asked)| *asked).map(|(key, _)| key).collect();
    asked.dedup();
    match asked.is_empty() {
        true => Ok(()),
        false => Err(Trouble::Unsupported(asked.join(", "))),
    }
}

/// What is started.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub engine: Engine,
    pub launch: Launch,
    pub display: Option<String>,
    pub look: Look,
}

/// A session that nobody has used yet.
#[derive(Debug)]
pub(super) struct Session {
    pub started: Started,
    pub wire: Wire,
    pub look: Look,
    /// None where the browser is on another machine, which could not reach it.
    pub proxy: Option<Proxy>,
    /// Where the browser puts downloads; none where we cannot look.
    pub downloads: Option<std::path::PathBuf>,
}

impl Session {
    /// Starts one.
    ///
    /// # Errors
    /// As `start`.
    pub(super) async fn start(asked: &Asked, by: Instant) -> Result<Session, Trouble> {
        let profile = profile()?;
        let folder = profile.path().to_path_buf();
        let local = asked.launch.remote.is_none();
        let reachable = asked.launch.remote.as_deref().is_none_or(is_this_machine);
        let proxy = match reachable {
            true => Some(Proxy::start().await?),
            false => None,
        };
        let mut capabilities = json!({
            "pageLoadStrategy": "none", "unhandledPromptBehavior": "ignore",
        });
        if let Some(proxy) = &proxy {
            capabilities["proxy"] = proxied(proxy.port(), asked);
        }
        if local {
            furnish(&folder, &asked.look).await?;
            if let Some(agent) = &asked.look.user_agent {
                let args = json!([format!("--user-agent={agent}")]);
                capabilities["webkitgtk:browserOptions"] = json!({ "args": args });
            }
        }
        let ask = Ask {
            engine: asked.engine,
            launch: &asked.launch,
            capabilities: &capabilities,
            env: environment(&folder, &asked.look),
            display: asked.display.clone(),
            profile,
        };
        let started = start_as(ask, by).await?;
        let wire = Wire::new(started.client.clone());
        let downloads = local.then(|| folder.join("downloads"));
        Ok(Session { started, wire, look: asked.look.clone(), proxy, downloads })
    }
}

fn is_this_machine(url: &str) -> bool {
    let host = url::Url::parse(url).ok().and_then(|url| url.host_str().map(String::from));
    host.is_some_and(|host| matches!(host.as_str(), "127.0.0.1" | "localhost" | "[::1]"))
}

/// The `proxy` capability: for everything, also for this machine, which Chromium leaves out unless
/// it is told so in words of its own.
fn proxied(port: u16, asked: &Asked) -> Value {
    let address = format!("127.0.0.1:{port}");
    let mut proxy = json!({"proxyType": "manual", "httpProxy": address, "sslProxy": address});
    let wanted = asked.launch.capabilities.get("browserName").and_then(Value::as_str);
    if asked.launch.remote.is_some() && wanted.is_some_and(|name| name.contains("chrom")) {
        proxy["noProxy"] = json!(["<-loopback>"]);
    }
    proxy
}

/// What the browser reads in its home before its first window.
async fn furnish(folder: &Path, look: &Look) -> Result<(), Trouble> {
    let still = if look.still { "gtk-enable-animations=0\n" } else { "" };
    let downloads = folder.join("downloads");
    let files = [
        ("config/gtk-3.0/gtk.css", STYLE.to_string()),
        ("config/gtk-4.0/gtk.css", STYLE.to_string()),
        ("config/gtk-3.0/settings.ini", format!("[Settings]\n{still}")),
        ("config/gtk-4.0/settings.ini", format!("[Settings]\n{still}")),
        ("config/user-dirs.dirs", format!("XDG_DOWNLOAD_DIR=\"{}\"\n", downloads.display())),
    ];
    let failed = |error: std::io::Error| {
        Trouble::Refused(format!("cannot write a browser's settings: {error}"))
    };
    tokio::fs::create_dir_all(&downloads).await.map_err(failed)?;
    for (name, text) in files {
        let file = folder.join(name);
        if let Some(parent) = file.parent() {
            tokio::fs::create_dir_all(parent).await.map_err(failed)?;
        }
        tokio::fs::write(file, text).await.map_err(failed)?;
    }
    Ok(())
}

/// The environment of the browser: the same on every machine but for what is pretended.
fn environment(folder: &Path, look: &Look) -> Vec<(String, String)> {
    let inside = |name: &str| folder.join(name).display().to_string();
    let locale = match &look.locale {
        Some(locale) => format!("{}.UTF-8", locale.replace('-', "_")),
        // The plain locale gives `en-US`; `C.UTF-8` would give a language called `C`.
        None => "C".to_string(),
    };
    let theme = if look.dark { "Adwaita:dark" } else { "Adwaita" };
    let mut pairs = vec![
        ("LC_ALL", locale),
        ("GTK_THEME", theme.to_string()),
        ("GDK_SCALE", look.scale.to_string()),
        ("XDG_CONFIG_HOME", inside("config")),
        ("XDG_CACHE_HOME", inside("cache")),
        ("XDG_DATA_HOME", inside("data")),
        ("GIO_USE_VFS", "local".to_string()),
        ("NO_AT_BRIDGE", "1".to_string()),
    ];
    if let Some(zone) = &look.timezone {
        pairs.push(("TZ", zone.clone()));
    }
    pairs.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
}
