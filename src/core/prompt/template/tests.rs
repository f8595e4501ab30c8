use rstest::rstest;

use super::PromptTemplate;
use crate::core::prompt::{Section, Variables};
use crate::domain::prompt::Platform;

/// A template with every block, `inside` the first and `outside` of all.
fn template(outside: &str, inside: &str) -> String {
    let block = |section: Section| {
        let inside = if section == Section::Identity { inside } else { section.as_str() };
        format!("{{% block {} %}}{inside}{{% endblock %}}\n", section.as_str())
    };
    format!("{outside}\n{}", Section::ALL.map(block).concat())
}

fn headings(text: &[(Section, String)]) -> Vec<&str> {
    text.iter().flat_map(|(_, text)| text.lines()).filter_map(|line| line.strip_prefix("# ")).collect()
}

#[rstest]
#[case(Platform::Text)]
#[case(Platform::Voice)]
fn the_shipped_template_has_eleven_sections_in_order(#[case] platform: Platform) {
    let template = PromptTemplate::shipped().unwrap();
    let sections = template.render(&Variables::sample(platform)).unwrap();
    assert_eq!(sections.iter().map(|&(section, _)| section).collect::<Vec<_>>(), Section::ALL);
    assert_eq!(
        headings(&sections),
        [
            "Identity",
            "Immersion",
            "Platform",
            "State",
            "Relationship",
            "Memory",
            "Continuity",
            "Inner Life",
            "Psychology",
            "Chapter",
            "Vice"
        ]
    );
    let bare = template.render(&Variables::bare(platform)).unwrap();
    assert_eq!(
        headings(&bare),
        ["Identity", "Immersion", "Platform", "State", "Relationship", "Psychology", "Chapter"]
    );
}

#[test]
fn a_rendering_is_tidy() {
    let sections = PromptTemplate::shipped().unwrap().render(&Variables::sample(Platform::Text)).unwrap();
    let memory = &sections.iter().find(|(section, _)| *section == Section::Memory).unwrap().1;
    assert!(memory.ends_with("You both love old films. Again.\nWhat you have told of yourself, and stand by:\n- You have a cat.\n- You have a cat. Again."), "{memory}");
    for (_, text) in &sections {
        assert!(!text.contains("\n\n") && !text.contains("{{") && !text.contains("{%"), "{text}");
    }
}

#[rstest]
#[case::does_not_parse("{{ player.score", "template t.j2, line 2: syntax error: ")]
#[case::unknown_variable("a\n{{ palyer.score }}", "template t.j2, line 3: unknown variable `palyer.score`")]
#[case::unknown_field("{{ player.scroe }}", "template t.j2, line 2: unknown variable `player.scroe`")]
#[case::in_a_branch_not_taken(
    "{% if player.chapter == 99 %}\n{{ nothing }}{% endif %}",
    "template t.j2, line 3: unknown variable `nothing`"
)]
#[case::field_of_an_item(
    "{% for day in continuity.days %}\n{{ day.dat }}{% endfor %}",
    "template t.j2, line 3: undefined value: `day.dat` is undefined"
)]
#[case::unknown_filter("{{ player.score | shout }}", "template t.j2, line 2: unknown filter: filter shout is unknown")]
#[case::unknown_function("{{ now() }}", "template t.j2, line 2: unknown variable `now`")]
fn errors_are_named(#[case] inside: &str, #[case] expected: &str) {
    let error = PromptTemplate::parse("t.j2", &template("", inside)).unwrap_err().to_string();
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn every_section_needs_a_block_and_text_outside_is_an_error() {
    let without = template("", "x").replace("{% block vice %}vice{% endblock %}", "");
    let error = PromptTemplate::parse("t.j2", &without).unwrap_err().to_string();
    assert_eq!(error, "template t.j2: a section has no block: block 'vice' not found");
    let error = PromptTemplate::parse("t.j2", &template("Dear Nikita,", "x")).unwrap_err().to_string();
    assert!(error.starts_with("template t.j2: text outside of the sections' blocks (identity, immersion, "), "{error}");
}

#[test]
fn blocks_can_use_variables_that_are_set_outside() {
    let outside =
        "{# a note #}{% set greeting = \"Hello \" ~ platform %}{% macro loud(text) %}{{ text | upper }}{% endmacro %}";
    let template = PromptTemplate::parse(
        "t.j2",
        &template(outside, "{{ greeting }}{{ loud(\"!a\") }}{% for i in range(2) %}{{ loop.index }}{% endfor %}"),
    )
    .unwrap();
    let sections = template.render(&Variables::bare(Platform::Voice)).unwrap();
    assert_eq!(sections[0], (Section::Identity, "Hello voice!A12".to_owned()));
}

#[test]
fn no_html_escaping_whatever_the_file_is_called() {
    let template = PromptTemplate::parse("prompt.html", &template("", "{{ memory.player | join }}")).unwrap();
    let mut variables = Variables::bare(Platform::Text);
    variables.memory.player = vec!["Tom & Jerry <3 {{ player.score }}".to_owned()];
    assert_eq!(template.render(&variables).unwrap()[0].1, "Tom & Jerry <3 {{ player.score }}");
}

#[test]
fn an_expression_that_fails_later_is_an_error_with_its_line() {
    let template = PromptTemplate::parse(
        "t.j2",
        &template("", "{% if vices %}{{ vices[0].name }}{% endif %}{{ 10 // player.chapter }}"),
    )
    .unwrap();
    let mut variables = Variables::bare(Platform::Text);
    variables.player.chapter = 0;
    let error = template.render(&variables).unwrap_err();
    assert_eq!((error.name.as_str(), error.line), ("t.j2", Some(2)));
}
