//! Allowed sources and licenses of all dependencies, direct or not.

use crate::finding::Finding;
use cargo_metadata::Metadata;

/// Licenses that are compatible with MIT OR Apache-2.0 in a firmware image.
const ALLOWED: [&str; 11] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];
/// Only for what a program links on a desktop, never for the libraries' firmware: weak copyleft, and the Boost license
/// of the line editor on Windows.
const DESKTOP: [(&str, &str); 3] =
    [("serialport", "MPL-2.0"), ("clipboard-win", "BSL-1.0"), ("error-code", "BSL-1.0")];

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// A package of the lock file.
#[derive(Debug)]
pub(crate) struct Package {
    name: String,
    license: String,
    /// `None` for a package of the workspace.
    source: Option<String>,
}

/// Returns every package of the lock file.
pub(crate) fn packages(metadata: &Metadata) -> Vec<Package> {
    metadata
        .packages
        .iter()
        .map(|package| Package {
            name: package.name.to_string(),
            license: package.license.clone().unwrap_or_default(),
            source: package.source.as_ref().map(ToString::to_string),
        })
        .collect()
}

/// Returns packages under a license that is not allowed, or that are not from crates.io.
pub(crate) fn check(packages: &[Package]) -> Vec<Finding> {
    packages.iter().flat_map(check_package).collect()
}

fn check_package(package: &Package) -> Vec<Finding> {
    let Package { name, license, source } = package;
    let found = |rule, message| Finding {
        rule,
        path: "Cargo.lock".into(),
        line: 1,
        item: Some(name.clone()),
        message,
    };
    let mut findings = Vec::new();
    if !allowed(license) && !DESKTOP.contains(&(name.as_str(), license.as_str())) {
        findings.push(found(
            "license",
            format!(
                "{name} is licensed under `{license}`, which is not on the list in \
                 tools/house/src/licenses.rs; use another package"
            ),
        ));
    }
    if source.as_ref().is_some_and(|source| source != CRATES_IO) {
        findings.push(found(
            "source",
            format!(
                "{name} does not come from crates.io, so users could not build it; publish it first"
            ),
        ));
    }
    findings
}

/// Returns whether one alternative of the expression needs only allowed licenses.
fn allowed(expression: &str) -> bool {
    let one = |license: &str| ALLOWED.contains(&license.trim());
    // Parsed as alternatives of conjunctions; the only nested form in use is "(A OR B) AND C".
    if let Some((group, rest)) =
        expression.strip_prefix('(').and_then(|rest| rest.split_once(") AND "))
    {
        return allowed(group) && allowed(rest);
    }
    expression
        .replace('/', " OR ")
        .split(" OR ")
        .any(|alternative| alternative.split(" AND ").all(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_as_alternatives() {
        for good in
            ["MIT", "MIT/Apache-2.0", "GPL-3.0 OR MIT", "(MIT OR Apache-2.0) AND Unicode-3.0"]
        {
            assert!(allowed(good), "{good}");
        }
        for bad in ["", "GPL-3.0", "MIT AND GPL-2.0", "(MIT OR Apache-2.0) AND GPL-2.0"] {
            assert!(!allowed(bad), "{bad}");
        }
    }

    fn rules(license: &str, source: Option<&str>) -> Vec<&'static str> {
        let source = source.map(Into::into);
        let package = Package { name: "a".into(), license: license.into(), source };
        check(&[package]).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn a_license_off_the_list_is_found() {
        assert_eq!(rules("MIT", Some(CRATES_IO)), [""; 0]);
        assert_eq!(rules("AGPL-3.0-only", Some(CRATES_IO)), ["license"]);
    }

    #[test]
    fn a_package_from_elsewhere_is_found() {
        assert_eq!(rules("MIT", None), [""; 0]);
        assert_eq!(rules("MIT", Some("git+https://example.org/a")), ["source"]);
    }
}
