//! Where in the settings' file something stands: a person wants the line. The reader of YAML gives none for parts of a map.

/// The line of a key, from 0.
pub(super) fn of_key(text: &str, key: &str) -> Option<usize> {
    text.lines().position(|line| begins(line, key))
}

/// The line of an entry of a map, or of the map where it is not found.
pub(super) fn of_entry(text: &str, map: &str, key: &str) -> Option<usize> {
    let begin = of_key(text, map)?;
    let behind = || text.lines().enumerate().skip(begin + 1);
    let within =
        behind().take_while(|(_, line)| line.trim().is_empty() || line.starts_with([' ', '\t', '#', '-']));
    let mut found = within.filter(|(_, line)| begins(line.trim_start(), key)).map(|(n, _)| n);
    Some(found.next().unwrap_or(begin))
}

/// The line begins with this key.
fn begins(line: &str, key: &str) -> bool {
    let rest = line.trim_start_matches(['"', '\'']).strip_prefix(key);
    rest.is_some_and(|r| r.trim_start_matches(['"', '\'', ' ', '\t']).starts_with(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_keys_and_entries() {
        let text = "pods: 1\nviews:\n  # mine\n  deploy: {columns: name}\n  \"a.b\":\n    sort: AGE\nqueries: {ill: x}\nill: 2\n";
        assert_eq!(of_key(text, "views"), Some(1));
        assert_eq!(of_entry(text, "views", "deploy"), Some(3));
        assert_eq!(of_entry(text, "views", "a.b"), Some(4));
        assert_eq!(of_entry(text, "views", "ill"), Some(1), "of another map");
        assert_eq!(of_entry(text, "queries", "ill"), Some(6), "on the map's own line");
        assert_eq!(of_entry(text, "nothing", "ill"), None);
    }
}
