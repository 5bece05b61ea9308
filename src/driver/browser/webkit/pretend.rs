//! Pretends: the window's size, what the proxy can do to requests, and what was set at the start.

use tokio::time::Instant;

use super::channel::Context;
use super::session::{Look, unsupported};
use crate::driver::browser::Trouble;
use crate::plan::browser::Emulation;

impl Context {
    /// What holds from the start.
    pub(super) async fn begin(&mut self, to: &Emulation, by: Instant) -> Result<(), Trouble> {
        let mut lacks = Vec::new();
        if let Some(locale) = &to.locale {
            let told = self.ask("return navigator.language;", Vec::new(), by).await?;
            // A locale that the system does not have is not taken.
            lacks.push(("locale (the system has none of that name)", told != locale.as_str()));
        }
        unsupported(lacks.into_iter())?;
        self.apply(to, by).await
    }

    /// `Channel::emulate`.
    pub(super) async fn pretend(&mut self, to: &Emulation, by: Instant) -> Result<(), Trouble> {
        let look = Look::of(to, self.started.as_ref().is_none_or(|it| it.guarded.is_empty()));
        let done = self.apply(to, by).await;
        let look = look?;
        done?;
        unsupported(
            [
                ("scale", look.scale != self.look.scale),
                ("color-scheme", look.dark != self.look.dark),
                ("reduced-motion", look.still != self.look.still),
                ("locale", look.locale != self.look.locale),
                ("timezone", look.timezone != self.look.timezone),
                ("user-agent", look.user_agent != self.look.user_agent),
            ]
            .into_iter(),
        )
    }

    /// What can change at any time.
    async fn apply(&mut self, to: &Emulation, by: Instant) -> Result<(), Trouble> {
        self.enter(&[], by).await?;
        self.resize(to.viewport, by).await?;
        self.emulation = to.clone();
        match &self.proxy {
            Some(proxy) => {
                proxy.change(|net| {
                    net.offline = to.offline;
                    net.throttle = to.throttle;
                    net.headers.clone_from(&to.headers);
                });
                Ok(())
            }
            None => unsupported(
                [
                    ("offline", to.offline),
                    ("throttle", to.throttle.is_some()),
                    ("headers", !to.headers.is_empty()),
                ]
                .into_iter(),
            ),
        }
    }
}
