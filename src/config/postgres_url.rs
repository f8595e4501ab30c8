//! Parses a `postgres://` URL as libpq does: several hosts, IPv6 literals, the directory of a socket, and parameters. An unsupported
//! parameter is an error if security depends on it; the names of others are kept for a warning.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

/// A parsed URL. Missing parts come from the environment (`PGHOST`, `PGUSER`, …).
#[derive(Clone, Debug, Default)]
pub struct PostgresUrl {
    /// The hosts, tried in order; empty if the URL names none.
    pub hosts: Vec<Host>,
    /// The user.
    pub user: Option<String>,
    /// The password.
    pub password: Option<SecretString>,
    /// The database.
    pub database: Option<String>,
    /// `sslmode`, one of libpq's words.
    pub tls: Option<String>,
    /// `sslrootcert`.
    pub root_certificate: Option<PathBuf>,
    /// `sslcert`.
    pub certificate: Option<PathBuf>,
    /// `sslkey`.
    pub key: Option<PathBuf>,
    /// `options`, passed to the server unchanged.
    pub options: Option<String>,
    /// `application_name`.
    pub application_name: Option<String>,
    /// `target_session_attrs`.
    pub target: Option<Target>,
    /// `connect_timeout`.
    pub connect_timeout: Option<Duration>,
    /// `connection_limit`: the most connections at once.
    pub connections: Option<u32>,
    /// `pgbouncer`: whether a pooler in transaction mode is in between.
    pub pooled: Option<bool>,
    /// The names of unsupported parameters.
    pub ignored: Vec<String>,
}

/// One of a URL's hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// A name, an address, or a socket's directory, which begins with a slash; `None` for the default.
    pub name: Option<String>,
    /// Its port; `None` for the default.
    pub port: Option<u16>,
}

/// Which of several servers to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The first that answers.
    Any,
    /// A primary.
    Primary,
    /// A primary that accepts writes by default.
    ReadWrite,
    /// A standby if there is one, for commands that only read.
    PreferStandby,
}

/// Unsupported parameters that can't be ignored, mostly because they ask for more security.
const REFUSED: [&str; 10] = [
    "service",
    "servicefile",
    "sslcrl",
    "sslcrldir",
    "require_auth",
    "requirepeer",
    "sslpassword",
    "sslcertmode",
    "replication",
    "requiressl",
];

/// Parameters that can be ignored with these values, because they require nothing.
const NOTHING: [(&str, &[&str]); 5] = [
    ("channel_binding", &["prefer", "disable"]),
    ("gssencmode", &["prefer", "disable"]),
    ("sslnegotiation", &["postgres"]),
    ("load_balance_hosts", &["disable"]),
    ("client_encoding", &["utf8", "UTF8", "auto"]),
];

impl PostgresUrl {
    /// Reads the part after `postgres://`.
    ///
    /// # Errors
    /// The error quotes only the names of parameters, because the URL can contain a password.
    pub fn parse(rest: &str) -> Result<Self, String> {
        let (address, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = address.split_once('/').unwrap_or((address, ""));
        let (login, hosts) = match authority.rsplit_once('@') {
            Some((login, hosts)) => (Some(login), hosts),
            None => (None, authority),
        };
        let mut url = Self { hosts: hosts_of(hosts)?, database: given(database)?, ..Self::default() };
        if let Some(login) = login {
            let (user, password) = login.split_once(':').unwrap_or((login, ""));
            url.user = given(user)?;
            url.password = given(password)?.map(Into::into);
        }
        let mut ports = None;
        for parameter in parameters.split('&').filter(|it| !it.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let name = decoded(name)?;
            if name == "port" {
                ports = Some(decoded(value)?);
            } else {
                url.set(&name, &decoded(value)?)?;
            }
        }
        url.set_ports(ports.as_deref())?;
        Ok(url)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let text = || Some(value.to_owned()).filter(|it| !it.is_empty());
        match name {
            "host" | "hostaddr" => {
                let host =
                    |name: &str| Host { name: Some(bare(name).to_owned()).filter(|it| !it.is_empty()), port: None };
                let ports: Vec<_> = self.hosts.iter().map(|it| it.port).collect();
                self.hosts = value.split(',').map(host).collect();
                // The port of a single host in the address applies to the new hosts.
                if let [port] = ports[..] {
                    self.hosts.iter_mut().for_each(|it| it.port = port);
                }
            }
            "user" => self.user = text(),
            "password" => self.password = text().map(Into::into),
            "dbname" => self.database = text(),
            "sslmode" | "ssl-mode" => self.tls = Some(tls(value)?),
            "ssl" => {
                self.tls = Some(match value {
                    "true" | "1" | "" => "require".to_owned(),
                    "false" | "0" => "disable".to_owned(),
                    mode => tls(mode)?,
                });
            }
            "sslrootcert" | "ssl-root-cert" | "ssl-ca" => self.root_certificate = text().map(Into::into),
            "sslcert" | "ssl-cert" => self.certificate = text().map(Into::into),
            "sslkey" | "ssl-key" => self.key = text().map(Into::into),
            "options" => self.options = Some(join(self.options.take(), &value.replace('+', " "))),
            "application_name" => self.application_name = text(),
            "fallback_application_name" => self.application_name = self.application_name.take().or_else(text),
            "target_session_attrs" => self.target = Some(target(value)?),
            "connect_timeout" => {
                let seconds: i64 =
                    value.parse().map_err(|_| unreadable("connect_timeout is not a number of seconds"))?;
                // As in libpq: zero or less means no limit.
                self.connect_timeout = u64::try_from(seconds).ok().filter(|it| *it > 0).map(Duration::from_secs);
            }
            "connection_limit" => {
                let most = value.parse().ok().filter(|most| *most > 0);
                self.connections = Some(most.ok_or_else(|| unreadable("connection_limit is not a number above zero"))?);
            }
            "pgbouncer" => {
                self.pooled = Some(match value {
                    "true" => true,
                    "false" => false,
                    _ => return Err("has an invalid pgbouncer=; use true or false".to_owned()),
                });
            }
            // sqlx's limit of prepared statements. Ours depends on whether there is a pooler.
            "statement-cache-capacity" => {}
            _ if REFUSED.contains(&name) => {
                return Err(format!("has the parameter {name}, which this program does not support; remove it"));
            }
            _ if NOTHING.iter().any(|(known, values)| *known == name && values.contains(&value)) => {}
            "channel_binding" | "gssencmode" | "sslnegotiation" => {
                return Err(format!("has a value of {name} that this program does not support; remove it"));
            }
            _ => self.ignored.push(name.chars().filter(char::is_ascii_graphic).take(40).collect()),
        }
        Ok(())
    }

    /// `port=`: one for all hosts, or one for each.
    fn set_ports(&mut self, ports: Option<&str>) -> Result<(), String> {
        let Some(ports) = ports else { return Ok(()) };
        let ports = ports.split(',').map(port_of).collect::<Result<Vec<_>, _>>()?;
        if self.hosts.is_empty() {
            self.hosts.push(Host::default());
        }
        if ports.len() != 1 && ports.len() != self.hosts.len() {
            return Err(unreadable("the number of ports differs from the number of hosts"));
        }
        for (host, port) in self.hosts.iter_mut().zip(ports.iter().cycle()) {
            host.port = *port;
        }
        Ok(())
    }
}

fn hosts_of(text: &str) -> Result<Vec<Host>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    text.split(',').map(host_of).collect()
}

fn host_of(text: &str) -> Result<Host, String> {
    let (name, port) = if text.starts_with('[') {
        let end = text.find(']').ok_or_else(|| unreadable("invalid IPv6 address"))?;
        let (name, rest) = (&text[1..end], &text[end + 1..]);
        name.parse::<std::net::Ipv6Addr>().map_err(|_| unreadable("invalid IPv6 address"))?;
        (
            name,
            rest.strip_prefix(':')
                .or_else(|| rest.is_empty().then_some(""))
                .ok_or_else(|| unreadable("invalid port number"))?,
        )
    } else {
        text.split_once(':').unwrap_or((text, ""))
    };
    Ok(Host { name: given(name)?, port: port_of(port)? })
}

fn port_of(text: &str) -> Result<Option<u16>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let port = text.parse().ok().filter(|port| *port > 0);
    port.map(Some).ok_or_else(|| unreadable("invalid port number"))
}

/// A host without the brackets of an IPv6 address, which the resolver does not accept.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

fn tls(mode: &str) -> Result<String, String> {
    let known = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
    if known.contains(&mode) {
        return Ok(mode.to_owned());
    }
    Err(unreadable(&format!("sslmode is not one of {}", known.join(", "))))
}

fn target(value: &str) -> Result<Target, String> {
    Ok(match value {
        "any" | "" => Target::Any,
        "primary" => Target::Primary,
        "read-write" => Target::ReadWrite,
        "prefer-standby" => Target::PreferStandby,
        _ => {
            return Err(unreadable(
                "target_session_attrs is not one of any, primary, read-write and, for commands that only read, prefer-standby",
            ));
        }
    })
}

fn join(before: Option<String>, more: &str) -> String {
    before.map_or_else(|| more.to_owned(), |before| format!("{before} {more}"))
}

fn unreadable(why: &str) -> String {
    format!("can't be read: {why}")
}

fn given(text: &str) -> Result<Option<String>, String> {
    decoded(text).map(|text| Some(text).filter(|it| !it.is_empty()))
}

/// `%40` to `@`.
fn decoded(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = if *first == b'%' { after.get(..2) } else { None };
        let byte = digits.and_then(|it| u8::from_str_radix(std::str::from_utf8(it).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).map_err(|_| unreadable("it contains invalid UTF-8"))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn hosts(url: &str) -> String {
        let url = PostgresUrl::parse(url).unwrap();
        let port = |port: Option<u16>| port.map_or_else(String::new, |port| port.to_string());
        let shown = url.hosts.iter().map(|it| format!("{}#{}", it.name.as_deref().unwrap_or("-"), port(it.port)));
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn hosts_can_have_every_form() {
        for (url, expected) in [
            ("u:p@h:5433/d", "h#5433"),
            ("h1:5432,h2:5433/d", "h1#5432 h2#5433"),
            ("h1,h2:5433/d", "h1# h2#5433"),
            ("u@[::1]:5432/d", "::1#5432"),
            ("u@[fe80::1]/d", "fe80::1#"),
            ("u@/d?host=/run/postgresql", "/run/postgresql#"),
            ("u@%2Frun%2Fpostgresql:5433/d", "/run/postgresql#5433"),
            ("localhost:5433/d?host=/run", "/run#5433"),
            ("/d?host=a,b&port=1,2", "a#1 b#2"),
            ("/d?port=1,2&host=a,b", "a#1 b#2"),
            ("/d?host=a,b&port=7", "a#7 b#7"),
            ("/d?port=7", "-#7"),
            ("/d", ""),
            ("", ""),
            ("/d?host=[::1],b", "::1# b#"),
        ] {
            assert_eq!(hosts(url), expected, "{url}");
        }
    }

    #[test]
    fn login_database_and_parameters() {
        let url = PostgresUrl::parse(
            "us%40er:p%2Fa@ss@h/d%20b?sslmode=require&application_name=mine&target_session_attrs=read-write&connect_timeout=3\
             &connection_limit=2&options=-c%20a%3D1&options=-c+b=2&keepalives_idle=3&channel_binding=prefer&schema=public",
        )
        .unwrap();
        assert_eq!((url.user.as_deref(), url.database.as_deref()), (Some("us@er"), Some("d b")));
        assert_eq!(url.password.unwrap().expose_secret(), "p/a@ss");
        assert_eq!(url.options.as_deref(), Some("-c a=1 -c b=2"));
        assert_eq!((url.application_name.as_deref(), url.target), (Some("mine"), Some(Target::ReadWrite)));
        assert_eq!((url.connect_timeout, url.connections), (Some(Duration::from_secs(3)), Some(2)));
        assert_eq!(url.ignored, ["keepalives_idle", "schema"]);
    }

    #[test]
    fn errors_do_not_quote_the_url() {
        for (url, said) in [
            ("u:hunter2@h:port/d", "can't be read: invalid port number"),
            ("u:hunter2@h:99999/d", "can't be read: invalid port number"),
            ("u:hunter2@[::1/d", "can't be read: invalid IPv6 address"),
            (
                "u:hunter2@h/d?host=a,b&port=1,2,3",
                "can't be read: the number of ports differs from the number of hosts",
            ),
            ("u:hunter2@h/d?service=x", "has the parameter service, which this program does not support; remove it"),
            (
                "u:hunter2@h/d?gssencmode=require",
                "has a value of gssencmode that this program does not support; remove it",
            ),
            ("u:hunter2@h/d?pgbouncer=maybe", "has an invalid pgbouncer=; use true or false"),
        ] {
            assert_eq!(PostgresUrl::parse(url).unwrap_err(), said);
        }
        for url in ["h/d?sslmode=hunter2", "h/d?target_session_attrs=hunter2", "h/d?connect_timeout=hunter2"] {
            let said = PostgresUrl::parse(url).unwrap_err();
            assert!(said.starts_with("can't be read: ") && !said.contains("hunter2"), "{said}");
        }
    }
}
