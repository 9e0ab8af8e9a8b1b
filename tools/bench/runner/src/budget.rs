//! The budget of operations and images.

use std::{fmt::Display, fs};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::{
    classic,
    instructions::{self, Instructions},
    links,
    programs::{Side, Variant, root},
    size::{self, Images},
    table::thousands,
};

/// The file in the repository.
pub(crate) const FILE: &str = "tools/bench/budget.toml";

const HEAD: &str = "\
# Budget of each operation, in instructions of two hosts and the harness; under `links`, of one host with this many links; under
# `classic`, of two hosts built with BR/EDR. Budget of each image, in bytes. The figures are of the last commit that accepted them.
# `just budget-check` fails above them by more than 3 %, 512 bytes of flash, or 128 of RAM or of the largest stack frame. `just
# budget` writes this file.

";

/// Tolerance above the budget: instructions in percent; flash, and RAM and stack frame, in bytes.
const INSTRUCTIONS: u64 = 3;
const FLASH: u64 = 512;
const RAM: u64 = 128;

/// The budget, or measured figures.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Budget {
    desktop: Instructions,
    embedded: Instructions,
    links: Instructions,
    classic: Instructions,
    images: Images,
}

/// Differences from the budget beyond the tolerance.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) above: Vec<String>,
    pub(crate) below: Vec<String>,
}

impl Budget {
    pub(crate) fn measure() -> Result<Self> {
        Ok(Self {
            desktop: instructions::measure(Variant::Desktop)?,
            embedded: instructions::measure(Variant::Embedded)?,
            links: links::measure()?,
            classic: classic::measure()?,
            images: size::measure(Side::Bindrune)?,
        })
    }

    pub(crate) fn read() -> Result<Self> {
        toml::from_str(&fs::read_to_string(root().join(FILE))?).context(FILE)
    }

    pub(crate) fn write(&self) -> Result<()> {
        fs::write(root().join(FILE), format!("{HEAD}{}", toml::to_string(self)?))?;
        println!("bench: wrote {FILE}");
        Ok(())
    }

    /// Compares measured figures with the budget.
    pub(crate) fn judge(&self, measured: &Self) -> Verdict {
        let mut verdict = Verdict::default();
        for (set, budget, measured) in [
            ("desktop", &self.desktop, &measured.desktop),
            ("embedded", &self.embedded, &measured.embedded),
            ("links", &self.links, &measured.links),
            ("classic", &self.classic, &measured.classic),
        ] {
            for (name, &figure) in measured {
                let what = format!("{name} ({set}), instructions");
                let budget = budget.get(name).copied();
                verdict.add(&what, figure, budget, |budget| budget * INSTRUCTIONS / 100);
            }
        }
        for (name, image) in &measured.images {
            let budget = self.images.get(name);
            for (part, figure, budget, allowed) in [
                ("flash", image.flash, budget.map(|image| image.flash), FLASH),
                ("RAM", image.ram, budget.map(|image| image.ram), RAM),
                ("largest stack frame", image.frame, budget.map(|image| image.frame), RAM),
            ] {
                verdict.add(format!("image {name}, bytes of {part}"), figure, budget, |_| allowed);
            }
        }
        verdict
    }
}

impl Verdict {
    fn add(
        &mut self,
        what: impl Display,
        figure: u64,
        budget: Option<u64>,
        allowed: impl Fn(u64) -> u64,
    ) {
        let Some(budget) = budget else {
            self.above.push(format!("{what}: {}, and it has no budget", thousands(figure)));
            return;
        };
        let line = format!("{what}: {} of {}", thousands(figure), thousands(budget));
        if figure > budget + allowed(budget) {
            self.above.push(format!("{line}, {} more", thousands(figure - budget)));
        } else if figure + allowed(budget) < budget {
            self.below.push(line);
        }
    }
}

#[cfg(test)]
mod tests;
