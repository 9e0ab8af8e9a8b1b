//! Layers are a star: which package may depend on which.

use crate::finding::Finding;
use crate::rules::Rules;
use cargo_metadata::{DependencyKind, Metadata};

/// A package of the workspace.
#[derive(Debug)]
pub(crate) struct Package {
    name: String,
    manifest: String,
    dependencies: Vec<String>,
}

/// Returns the workspace's packages, with their dependencies except those for tests.
pub(crate) fn packages(metadata: &Metadata) -> Vec<Package> {
    let root = &metadata.workspace_root;
    metadata
        .workspace_packages()
        .into_iter()
        .map(|package| Package {
            name: package.name.to_string(),
            manifest: relative(&package.manifest_path, root),
            dependencies: package
                .dependencies
                .iter()
                .filter(|dependency| dependency.kind != DependencyKind::Development)
                .map(|dependency| dependency.name.clone())
                .collect(),
        })
        .collect()
}

/// Returns dependencies outside the allow-list, and packages that are not in it.
pub(crate) fn check(rules: &Rules, packages: &[Package]) -> Vec<Finding> {
    packages.iter().flat_map(|package| check_package(rules, package)).collect()
}

fn check_package(rules: &Rules, package: &Package) -> Vec<Finding> {
    let found = |item: &str, message: String| Finding {
        rule: "dependency",
        path: package.manifest.clone(),
        line: 1,
        item: Some(item.to_owned()),
        message,
    };
    let Some(allowed) = rules.graph.get(&package.name) else {
        let message = format!(
            "package {} is not in the graph of tools/house/house.toml; list what it may use",
            package.name
        );
        return vec![found(&package.name, message)];
    };
    package
        .dependencies
        .iter()
        .filter(|dependency| !allowed.iter().any(|name| name == "*" || name == *dependency))
        .map(|dependency| {
            let message = format!(
                "{} must not depend on {dependency}: layers are a star, not a chain; do without \
                 it, or change docs/architecture.md and then the graph in tools/house/house.toml",
                package.name
            );
            found(dependency, message)
        })
        .collect()
}

fn relative(
    path: &cargo_metadata::camino::Utf8Path,
    root: &cargo_metadata::camino::Utf8Path,
) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(name: &str, dependencies: &[&str]) -> Vec<Finding> {
        let rules = Rules::parse("[graph]\natt = ['wire']\ncli = ['*']").unwrap();
        let package = Package {
            name: name.into(),
            manifest: "Cargo.toml".into(),
            dependencies: dependencies.iter().map(|&name| name.into()).collect(),
        };
        check(&rules, &[package])
    }

    #[test]
    fn what_the_graph_allows_passes() {
        assert_eq!(findings("att", &["wire"]), []);
        assert_eq!(findings("cli", &["anything"]), []);
    }

    #[test]
    fn a_dependency_outside_the_graph_is_found() {
        let found = findings("att", &["wire", "l2cap"]);
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("att must not depend on l2cap"));
    }

    #[test]
    fn an_unknown_package_is_found() {
        assert_eq!(findings("stranger", &[]).len(), 1);
    }
}
