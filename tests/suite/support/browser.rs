//! Headless Chromium, which keeps a log of every request that it makes or would make.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// As somebody who prefers dark.
const DARK: &str = "--blink-settings=preferredColorScheme=0";

/// What came of opening a page.
pub struct Opened {
    /// The document, as the browser understood it.
    pub dom: String,
    /// The addresses that the page asked for.
    pub requests: Vec<String>,
}

/// Opens a file, without a network.
pub fn open(file: &Path) -> Opened {
    let folder = TempDir::new().expect("a temporary folder");
    let log = folder.path().join("requests.json");
    let dom = run(file, &[&format!("--log-net-log={}", log.display()), "--dump-dom"]);
    let log = fs::read_to_string(log).expect("Chromium has written its log");
    // An event a line. What the browser asks for by itself, such as updates, has no origin; what a page asks for has one.
    let events = log.lines().filter_map(|line| serde_json::from_str::<Value>(line.trim_end_matches(',')).ok());
    let of_the_page = events.filter(|it| it["params"]["initiator"].as_str().is_some_and(|it| it != "not an origin"));
    let requests = of_the_page.map(|it| it["params"]["url"].as_str().unwrap_or("no address").to_owned()).collect();
    Opened { dom, requests }
}

/// Takes a picture of a file's whole height, as far as `height` goes.
pub fn photograph(file: &Path, picture: &Path, width: u32, height: u32, dark: bool) {
    let mut flags = vec![
        format!("--screenshot={}", picture.display()),
        format!("--window-size={width},{height}"),
        "--hide-scrollbars".to_owned(),
    ];
    if dark {
        flags.push(DARK.to_owned());
    }
    run(file, &flags.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(picture.exists(), "no picture");
}

/// What `measure.js` finds on a page of this width.
pub fn measure(file: &Path, width: u32, dark: bool) -> Value {
    let folder = TempDir::new().expect("a temporary folder");
    let harness = folder.path().join("harness.html");
    let page = fs::read_to_string(file).expect("the page is UTF-8").replace('&', "&amp;").replace('"', "&quot;");
    let script = include_str!("measure.js");
    let text = format!(
        "<!DOCTYPE html><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light dark\">\
         <iframe id=\"page\" style=\"width:{width}px;height:900px;border:0\" srcdoc=\"{page}\"></iframe>\
         <pre id=\"found\"></pre><script>{script}</script>"
    );
    fs::write(&harness, text).expect("a file can be written");
    let dom = run(&harness, if dark { &["--dump-dom", DARK] } else { &["--dump-dom"] });
    let found = dom
        .rsplit_once("<pre id=\"found\">")
        .and_then(|(_, rest)| rest.split_once("</pre>"))
        .expect("what was found")
        .0;
    let found = found.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&found).unwrap_or_else(|error| panic!("the page was not measured: {error}: {found:?}"))
}

fn run(file: &Path, flags: &[&str]) -> String {
    let profile = TempDir::new().expect("a temporary folder");
    let program = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok())
        .expect("Chromium is not installed: run these tests with scripts/test, which installs it");
    let output = Command::new(program)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-extensions",
        ])
        .args(["--disable-features=OptimizationHints,MediaRouter,Translate", "--force-device-scale-factor=1"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(flags)
        .arg(format!("file://{}", file.display()))
        .stdin(Stdio::null())
        .output()
        .expect("Chromium starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
