//! Headless Chromium, behind a proxy of ours that sees whatever a page asks for.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::TempDir;

/// What came of opening a page.
pub struct Opened {
    /// The document, as the browser understood it.
    pub dom: String,
    /// The first line of each request that would have gone to the network.
    pub requests: Vec<String>,
}

/// Opens a file and waits until it is quiet.
pub fn open(file: &Path) -> Opened {
    let proxy = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = proxy.local_addr().expect("an address").port();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&seen);
    thread::spawn(move || {
        for stream in proxy.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut head = [0; 1024];
            let read = stream.read(&mut head).unwrap_or_default();
            let text = String::from_utf8_lossy(&head[..read]).into_owned();
            told.lock().expect("not poisoned").push(text.lines().next().unwrap_or_default().to_owned());
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    let dom = run(file, &[&format!("--proxy-server=http://127.0.0.1:{port}"), "--dump-dom"]);
    let requests = seen.lock().expect("not poisoned").clone();
    Opened { dom, requests }
}

/// Takes a picture of a file's whole height, as far as `height` goes.
pub fn photograph(file: &Path, picture: &Path, width: u32, height: u32, dark: bool) {
    let mut flags = vec![
        format!("--screenshot={}", picture.display()),
        format!("--window-size={width},{height}"),
        "--hide-scrollbars".to_owned(),
        "--proxy-server=http://127.0.0.1:1".to_owned(),
    ];
    if dark {
        flags.push("--blink-settings=preferredColorScheme=0".to_owned());
    }
    run(file, &flags.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(picture.exists(), "no picture");
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
