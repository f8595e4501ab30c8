//! `--help` of every command is what `tests/help/*.trycmd` says, at a width of 100 columns. After a change on purpose:
//! `TRYCMD=overwrite cargo test --test help`.

#[test]
fn help_pages_are_as_documented() {
    trycmd::TestCases::new()
        .register_bin("nikita-jobs", trycmd::cargo::cargo_bin!("nikita-jobs"))
        .env("COLUMNS", "100")
        .case("tests/help/*.trycmd")
        .run();
}
