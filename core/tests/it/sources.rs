//! The public types, read from the sources. Everything `pub` is reachable, because the lint `unreachable_pub` is enabled.

use std::path::Path;

/// Every public type of the crate as `module::Name`, with the public module in which it is found.
pub(crate) fn public_types() -> Vec<String> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let root = std::fs::read_to_string(src.join("lib.rs")).unwrap();
    let named = |line: &'_ str| line.strip_prefix("pub mod ").or_else(|| line.strip_prefix("pub use types::")).map(str::to_owned);
    let public = root.lines().filter_map(|line| named(line)?.strip_suffix(';').map(str::to_owned)).collect::<Vec<_>>();
    let mut found = Vec::new();
    read_all(&src, None, &public, &mut found);
    found
}

fn read_all(dir: &Path, module: Option<&str>, public: &[String], found: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy();
        // `testing` is for tests, and its types contain only test data.
        // `verify` is public inside `badge`, `badge` exports the manifest, and the types in `types` are exported from the root.
        let nested = match &*name {
            "verify" => Some("badge::verify"),
            "manifest" => Some("badge"),
            _ => None,
        };
        let module = nested.or_else(|| module.filter(|module| *module != "types")).unwrap_or(&name);
        if path.is_dir() && module != "testing" {
            read_all(&path, Some(module), public, found);
        } else if path.is_file() {
            let prefix = if module == "badge::verify" || public.iter().any(|public| public == module) {
                format!("{module}::")
            } else {
                String::new()
            };
            let types = types_in(&std::fs::read_to_string(&path).unwrap());
            found.extend(types.into_iter().map(|name| format!("{prefix}{name}")));
        }
    }
}

/// The public types that a source defines, at any depth. A type whose name or visibility is a parameter of a macro may be public, and such
/// a name counts as it is written. An enum without variants has no values to show.
fn types_in(text: &str) -> Vec<String> {
    let code: Vec<_> = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let code = code.join("\n");
    let words: Vec<_> = code.split_whitespace().collect();
    let is_part = |char: char| char.is_alphanumeric() || char == '_' || char == '$';
    let named = words.windows(4).filter_map(|window| {
        let &[before, "struct" | "enum" | "union", name, body] = window else { return None };
        let is_public = before.ends_with("pub") || [before, name].iter().any(|word| word.starts_with('$'));
        (is_public && body != "{}").then(|| name.split(|char| !is_part(char)).next().unwrap_or_default().to_owned())
    });
    named.collect()
}

#[test]
fn a_type_is_found_wherever_it_is_public() {
    let found = |text: &str| types_in(&format!("use x;\n{text}\nfn end() {{}}\n")).join(" ");
    assert_eq!(found("#[derive(Debug)]\npub struct Plain {\n    pub text: String,\n}"), "Plain");
    assert_eq!(found("pub struct Tuple(String);\npub struct Unit;\npub enum Generic<T> { One(T) }"), "Tuple Unit Generic");
    assert_eq!(found("pub mod inline {\n    pub struct Indented(String);\n}"), "Indented");
    assert_eq!(found("pub mod inline { #[derive(Debug)] pub struct Beside(String); }"), "Beside");
    assert_eq!(found("macro_rules! named { ($($v:ident)*) => { pub enum Named { $($v,)* } } }"), "Named");
    assert_eq!(found("macro_rules! make { ($name:ident) => { pub struct $name(String); } }"), "$name");
    assert_eq!(found("macro_rules! make { ($name:ident) => { $(#[$doc])* struct $name(String); } }"), "$name");
    assert_eq!(found("macro_rules! make { ($vis:vis) => { $vis struct Fixed { text: String } } }"), "Fixed");
}

#[test]
fn a_type_that_is_not_public_or_has_no_values_is_not_found() {
    for text in ["struct Private;", "pub(crate) struct Inner(String);", "// pub struct Comment;", "pub enum $name {}", "pub type A = B;"] {
        assert_eq!(types_in(&format!("use x;\n{text}\nfn end() {{}}\n")), [""; 0], "{text}");
    }
}

/// `snapshot` is not a public module. Its types are exported from the root.
#[test]
fn a_type_is_named_by_its_public_module() {
    let found = public_types();
    for name in ["Snapshot", "SnapshotJson", "FailureCode", "claim::Claim", "secret::Secret", "badge::verify::Jwks"] {
        assert!(found.iter().any(|found| found == name), "{name} is not in {found:?}");
    }
}
