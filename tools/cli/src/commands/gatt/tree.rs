//! `gatt tree`: prints the whole attribute database of a device.

use bindrune::{Connection, Error, Properties, Uuid};
use serde::Serialize;

use crate::{
    failure::{Doing as _, Failure, Fault},
    numbers,
    output::{Output, Record},
    paint::Paint,
    parse::hex,
    render::{self, Meaning},
};

use super::LONGEST;

/// An attribute for users: a service, a characteristic's value or a descriptor.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Node {
    handle: u16,
    /// Handle of the service of a characteristic, or of the characteristic of a descriptor.
    parent: Option<u16>,
    #[serde(rename = "type")]
    kind: Kind,
    uuid: String,
    name: Option<&'static str>,
    properties: Vec<&'static str>,
    value: Option<String>,
    text: Option<Meaning>,
    error: Option<Fault>,
    #[serde(skip)]
    whole: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Service,
    Characteristic,
    Descriptor,
}

impl Kind {
    const fn depth(self) -> usize {
        match self {
            Self::Service => 0,
            Self::Characteristic => 1,
            Self::Descriptor => 2,
        }
    }

    fn name(self, uuid: Uuid) -> Option<&'static str> {
        match self {
            Self::Service => numbers::service(uuid),
            Self::Characteristic => numbers::characteristic(uuid),
            Self::Descriptor => numbers::descriptor(uuid),
        }
    }
}

impl Record for Node {
    /// The tree is drawn as a whole.
    fn human(&self, _: Paint) -> String {
        String::new()
    }
}

/// Prints the database.
pub(crate) async fn print(connection: &Connection<'static>, out: Output) -> Result<(), Failure> {
    let nodes = collect(connection).await.doing("discovering")?;
    if out.is_json() {
        return nodes.iter().try_for_each(|node| out.record(node));
    }
    out.text(&heading(connection, &nodes))?;
    out.text(&draw(&nodes, out.paint()))
}

/// Returns all services with their contents, in the order of their handles, and reads the readable values.
pub(crate) async fn collect(connection: &Connection<'static>) -> Result<Vec<Node>, Error> {
    let mut nodes = Vec::new();
    let mut services = connection.services();
    while let Some(service) = services.next().await? {
        let start = service.range().0;
        nodes.push(Node::new(Kind::Service, None, start, service.uuid()));
        let mut characteristics = service.characteristics();
        while let Some(characteristic) = characteristics.next().await? {
            let (handle, uuid) = (characteristic.handle(), characteristic.uuid());
            let mut node = Node::new(Kind::Characteristic, Some(start), handle, uuid);
            node.properties = names(characteristic.properties());
            if characteristic.properties().contains(Properties::READ) {
                node.read(connection, uuid).await?;
            }
            nodes.push(node);
            let mut descriptors = characteristic.descriptors();
            while let Some(descriptor) = descriptors.next().await? {
                let uuid = descriptor.uuid();
                let mut node = Node::new(Kind::Descriptor, Some(handle), descriptor.handle(), uuid);
                node.read(connection, uuid).await?;
                nodes.push(node);
            }
        }
    }
    Ok(nodes)
}

/// Counts the attributes of the nodes; a characteristic also has a declaration.
pub(crate) fn attributes(nodes: &[Node]) -> usize {
    let declarations = nodes.iter().filter(|n| n.kind == Kind::Characteristic).count();
    nodes.len().saturating_add(declarations)
}

impl Node {
    fn new(kind: Kind, parent: Option<u16>, handle: u16, uuid: Uuid) -> Self {
        Self {
            handle,
            parent,
            kind,
            uuid: uuid.to_string(),
            name: kind.name(uuid),
            properties: Vec::new(),
            value: None,
            text: None,
            error: None,
            whole: kind != Kind::Service && render::is_text(uuid),
        }
    }

    /// Reads the value, and stores the error if the device refuses. Fails only at the end of the link.
    async fn read(&mut self, connection: &Connection<'static>, uuid: Uuid) -> Result<(), Error> {
        let mut value = vec![0; LONGEST];
        match connection.read(self.handle, &mut value).await {
            Ok(len) => {
                let octets = value.get(..len).unwrap_or_default();
                self.value = Some(hex(octets));
                self.text = render::meaning(uuid, octets);
            }
            Err(error @ (Error::Att(_) | Error::NotBonded | Error::OtherAddress { .. })) => {
                self.error = Some(Fault::of(error));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn title(&self) -> String {
        let name = self.name.map_or_else(|| self.uuid.clone(), str::to_owned);
        format!("{:04x} {name}", self.handle)
    }

    fn content(&self, paint: Paint) -> String {
        let text = self.text.as_ref().map(Meaning::human).unwrap_or_default();
        match (&self.value, &self.error) {
            (Some(_), _) if self.whole && !text.is_empty() => paint.bold(&text),
            (Some(value), _) => format!("{value}   {}", paint.bold(&text)).trim_end().to_owned(),
            (None, Some(error)) => paint.red(&error.message),
            (None, None) => String::new(),
        }
    }
}

fn names(properties: Properties) -> Vec<&'static str> {
    [
        (Properties::BROADCAST, "broadcast"),
        (Properties::READ, "read"),
        (Properties::WRITE_WITHOUT_RESPONSE, "write-without-response"),
        (Properties::WRITE, "write"),
        (Properties::NOTIFY, "notify"),
        (Properties::INDICATE, "indicate"),
        (Properties::SIGNED_WRITE, "signed-write"),
        (Properties::EXTENDED, "extended"),
    ]
    .into_iter()
    .filter(|&(bit, _)| properties.contains(bit))
    .map(|(_, name)| name)
    .collect()
}

fn heading(connection: &Connection<'static>, nodes: &[Node]) -> String {
    let mut parts = Vec::new();
    if let Ok(peer) = connection.peer() {
        parts.push(peer.to_string());
    }
    if let Ok(mtu) = connection.mtu() {
        parts.push(format!("MTU {mtu}"));
    }
    if let Ok(phys) = connection.phy() {
        parts.push(crate::commands::demo::phy_name(phys));
    }
    let requests = connection.requests().unwrap_or_default();
    parts.push(format!("{} attributes in {requests} round trips", attributes(nodes)));
    format!(" {}", parts.join(" · "))
}

/// Draws the tree with aligned columns.
pub(crate) fn draw(nodes: &[Node], paint: Paint) -> String {
    let width = |node: &Node| {
        node.kind.depth().saturating_mul(3).saturating_add(node.title().chars().count())
    };
    let title = nodes.iter().map(width).max().unwrap_or_default();
    let properties = nodes.iter().map(|n| n.properties.join(" ").len()).max().unwrap_or_default();
    let mut lines = Vec::new();
    let mut rest = nodes;
    let mut last_above = [false; 2];
    while let Some((node, after)) = rest.split_first() {
        let depth = node.kind.depth();
        let last =
            !after.iter().take_while(|n| n.kind.depth() >= depth).any(|n| n.kind.depth() == depth);
        let trunk: String =
            last_above.iter().take(depth).map(|&l| if l { "   " } else { "│  " }).collect();
        if let Some(mark) = last_above.get_mut(depth) {
            *mark = last;
        }
        let fork = if last { "└─ " } else { "├─ " };
        let pad = title.saturating_sub(width(node));
        let line = format!(
            " {}{}{}  {:properties$}  {}",
            paint.dim(&format!("{trunk}{fork}")),
            if depth == 0 { paint.cyan(&node.title()) } else { node.title() },
            " ".repeat(pad),
            node.properties.join(" "),
            node.content(paint),
        );
        lines.push(line.trim_end().to_owned());
        rest = after;
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(kind: Kind, handle: u16, uuid: u16, value: &[u8]) -> Node {
        let uuid = Uuid::new_16(uuid);
        let parent = (kind != Kind::Service).then_some(handle.saturating_sub(1));
        let mut node = Node::new(kind, parent, handle, uuid);
        if !value.is_empty() {
            (node.value, node.text) = (Some(hex(value)), render::meaning(uuid, value));
        }
        if kind == Kind::Characteristic {
            node.properties = vec!["read"];
        }
        node
    }

    #[test]
    fn the_tree_is_drawn_as_on_the_page() {
        let mut nodes = [
            node(Kind::Service, 1, 0x1800, &[]),
            node(Kind::Characteristic, 3, 0x2a00, b"Thermometer"),
            node(Kind::Service, 9, 0x181a, &[]),
            node(Kind::Characteristic, 0xb, 0x2a6e, &[0x9a, 0x09]),
            node(Kind::Descriptor, 0xc, 0x2902, &[0, 0]),
        ];
        nodes[3].properties.push("notify");
        let expected = [
            " ├─ 0001 Generic Access",
            " │  └─ 0003 Device Name                             read         \"Thermometer\"",
            " └─ 0009 Environmental Sensing",
            "    └─ 000b Temperature                             read notify  9a09   24.58 °C",
            "       └─ 000c Client Characteristic Configuration               0000",
        ];
        assert_eq!(draw(&nodes, Paint::new(false)), expected.join("\n"));
        assert_eq!(attributes(&nodes), 7);
    }

    #[test]
    fn a_node_is_one_json_object() {
        let node = node(Kind::Characteristic, 0xb, 0x2a6e, &[0x9a, 0x09]);
        assert_eq!(
            serde_json::to_string(&node).unwrap(),
            r#"{"handle":11,"parent":10,"type":"characteristic","uuid":"2a6e","name":"Temperature","properties":["read"],"value":"9a09","text":"24.58 °C","error":null}"#
        );
    }
}
