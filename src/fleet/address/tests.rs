#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::{Address, Login, Node};
use std::path::PathBuf;

fn parse(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn problem(text: &str) -> String {
    Address::parse(text).unwrap_err().to_string()
}

fn node(host: &str, port: u16) -> Node {
    Node { host: host.to_owned(), port }
}

#[test]
fn a_server_has_defaults() {
    let address = parse("redis://localhost");
    assert_eq!(address.nodes, [node("localhost", 6379)]);
    assert_eq!((address.database, address.tls, address.name.as_str()), (0, false, "procward"));
    assert_eq!(address.login, Login::default());
    assert_eq!(address.sentinels, None);
    assert!(parse("rediss://localhost").tls);
}

#[test]
fn a_login_is_decoded_and_never_shown() {
    let address = parse("rediss://ad%40ops:p%2Fw%3A1%3F@[::1]:7000/3?name=ads&ca=%2Fetc%2Fca.pem");
    assert_eq!(address.login.user.as_deref(), Some("ad@ops"));
    assert_eq!(address.login.password.as_deref(), Some("p/w:1?"));
    assert_eq!(address.ca, Some(PathBuf::from("/etc/ca.pem")));
    assert_eq!(address.name.as_str(), "ads");
    assert_eq!(address.to_string(), "rediss://[::1]:7000/3");
    assert_eq!(format!("{:?}", address.login), "Login");
    assert_eq!(parse("redis://:secret@h").login.user, None);
    assert_eq!(parse("redis://:secret@h").login.password.as_deref(), Some("secret"));
    let file = parse("redis://ads@h?passwordFile=/run/secrets/redis").login;
    assert_eq!((file.user.as_deref(), file.password), (Some("ads"), None));
    assert_eq!(file.password_file, Some(PathBuf::from("/run/secrets/redis")));
}

#[test]
fn sentinels_name_a_master() {
    let address = parse("redis-sentinel://:pw@a,b:1,[::1]/limits/2?tls=true&sentinelUser=s&sentinelPasswordFile=/s");
    assert_eq!(address.nodes, [node("a", 26379), node("b", 1), node("::1", 26379)]);
    assert_eq!((address.database, address.tls), (2, true));
    let sentinels = address.sentinels.clone().unwrap();
    assert_eq!((&*sentinels.master, sentinels.login.user.as_deref()), ("limits", Some("s")));
    assert_eq!(address.to_string(), "redis-sentinel://a:26379,b:1,[::1]:26379/limits/2");
}

#[test]
fn wrong_parts_are_named_without_their_value() {
    for (text, part) in [
        ("localhost", "begin with redis://"),
        ("http://secret", "begin with redis://"),
        ("redis://", "host"),
        ("redis://:12/secret@h", "host"),
        ("redis://user:sec/ret@h", "port"),
        ("redis://h:0", "port"),
        ("redis://h:65536", "port"),
        ("redis://[::1", "bracket"),
        ("redis://[::1]x", "port"),
        ("redis://user:1/secret@h", "database"),
        ("redis://h/secret", "database"),
        ("redis://h/1234567", "database"),
        ("redis://secret@h", "password"),
        ("redis://:secret@h?passwordFile=/secret", "passwordFile"),
        ("redis://:secret#@h", "fragment"),
        ("redis://%FF:secret@h", "UTF-8"),
        ("redis://a,b", "one host"),
        ("redis://h?secret=secret", "options are"),
        ("redis://h?tls=true", "options are"),
        ("redis://h?name={secret}", "name"),
        ("redis://h?name=", "name"),
        ("redis://h?ca=secret", "absolute"),
        ("redis-sentinel://h", "master"),
        ("redis-sentinel://h/", "master"),
        ("redis-sentinel://h/m?tls=secret", "tls"),
        ("redis-sentinel://h/m?sentinelUser=secret", "sentinelPasswordFile"),
        (&format!("redis-sentinel://{}/m", vec!["h"; 21].join(",")), "20"),
    ] {
        let problem = problem(text);
        assert!(problem.contains(part), "{text}: {problem}");
        assert!(!problem.contains("secret"), "{text}: {problem}");
    }
}
