//! From the paths on the command line to scenarios and all files that they name.

use std::path::PathBuf;

use crate::cli::Ended;
use crate::cli::args::WhatArgs;
use crate::store;

/// The scenario files meant; without any, those of `scenarios/`.
///
/// # Errors
/// When there are none.
pub fn paths(what: &WhatArgs) -> Result<Vec<PathBuf>, Ended> {
    let default = [PathBuf::from("scenarios")];
    let given = if what.paths.is_empty() { &default[..] } else { &what.paths };
    if what.paths.is_empty() && !default[0].exists() {
        return Err(Ended::usage(
            "there is no folder `scenarios` here; name the scenario files to run, as in \
             `taster run checks/shop.yaml`",
        ));
    }
    store::find_scenarios(given).map_err(|error| Ended::usage(error.to_string()))
}
