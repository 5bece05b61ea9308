//! Is the table of well-known devices and networks.

use std::time::Duration;

use super::Throttle;

/// What a browser looks like on a device.
pub(super) struct Device {
    pub(super) name: &'static str,
    /// Width and height, CSS pixels, upright for what is held in a hand.
    pub(super) viewport: (u32, u32),
    pub(super) scale: f64,
    pub(super) mobile: bool,
    /// None for the browser's own.
    pub(super) user_agent: Option<&'static str>,
}

const IPHONE: Option<&str> = Some(
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 \
     (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
);
const IPAD: Option<&str> = Some(
    "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
     Version/18.5 Mobile/15E148 Safari/604.1",
);
const ANDROID: Option<&str> = Some(
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) \
     Chrome/140.0.0.0 Mobile Safari/537.36",
);
const ANDROID_TABLET: Option<&str> = Some(
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) \
     Chrome/140.0.0.0 Safari/537.36",
);

const fn phone(name: &'static str, viewport: (u32, u32), scale: f64) -> Device {
    Device { name, viewport, scale, mobile: true, user_agent: IPHONE }
}

const fn android(name: &'static str, viewport: (u32, u32), scale: f64) -> Device {
    Device { name, viewport, scale, mobile: true, user_agent: ANDROID }
}

const fn desktop(name: &'static str, viewport: (u32, u32), scale: f64) -> Device {
    Device { name, viewport, scale, mobile: false, user_agent: None }
}

/// Devices by name. A viewport is the whole screen, without the browser's bars.
pub(super) const DEVICES: [Device; 16] = [
    phone("iPhone SE", (375, 667), 2.0),
    phone("iPhone 13", (390, 844), 3.0),
    phone("iPhone 15", (393, 852), 3.0),
    phone("iPhone 15 Pro Max", (430, 932), 3.0),
    Device { name: "iPad Mini", viewport: (744, 1133), scale: 2.0, mobile: true, user_agent: IPAD },
    Device { name: "iPad", viewport: (820, 1180), scale: 2.0, mobile: true, user_agent: IPAD },
    Device {
        name: "iPad Pro 12.9",
        viewport: (1024, 1366),
        scale: 2.0,
        mobile: true,
        user_agent: IPAD,
    },
    android("Pixel 5", (393, 851), 2.75),
    android("Pixel 8", (412, 915), 2.625),
    android("Galaxy S9", (360, 740), 3.0),
    android("Galaxy S24", (360, 780), 3.0),
    Device {
        name: "Galaxy Tab S9",
        viewport: (800, 1280),
        scale: 2.0,
        mobile: true,
        user_agent: ANDROID_TABLET,
    },
    desktop("Laptop", (1366, 768), 1.0),
    desktop("Desktop", (1280, 720), 1.0),
    desktop("Desktop Full HD", (1920, 1080), 1.0),
    desktop("Desktop HiDPI", (1280, 720), 2.0),
];

const fn network(latency: u64, download: u64, upload: u64) -> Throttle {
    Throttle { latency: Duration::from_millis(latency), download, upload, cpu: 1.0 }
}

/// Networks by name: what browsers' own tools mean by these words.
pub(super) const PRESETS: [(&str, Throttle); 3] = [
    ("slow-3g", network(2000, 50_000, 50_000)),
    ("fast-3g", network(563, 180_000, 84_000)),
    ("4g", network(165, 1_012_500, 168_750)),
];
