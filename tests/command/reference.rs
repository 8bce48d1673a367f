//! docs/cli.md lists the flags that there are.

use crate::support::command;

#[test]
fn the_documentation_of_the_flags_is_what_the_command_says() {
    let output = command(&["reference"]).output().expect("the command starts");
    let made = String::from_utf8(output.stdout).expect("text");
    assert!(made.lines().filter(|line| line.starts_with("| `--")).count() > 60, "{made}");
    let text = include_str!("../../docs/cli.md");
    let (_, rest) = text.split_once("<!-- made by scripts/update-cli-docs -->\n").expect("a mark");
    let (written, _) = rest.split_once("<!-- until here -->\n").expect("another");
    assert_eq!(written.trim(), made.trim(), "docs/cli.md is old: run scripts/update-cli-docs");
}
