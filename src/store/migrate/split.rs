//! Splits a migration into its statements and finds those that create an index.

/// An index that a migration creates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Index {
    /// Its name.
    pub(super) name: String,
    /// Its table.
    pub(super) table: String,
    /// The text before `index`: `create` or `create unique`.
    head: &'static str,
    /// The text after the table.
    tail: String,
}

impl Index {
    /// Parses `create [unique] index if not exists NAME on TABLE …`; none for any other statement.
    pub(super) fn of(statement: &'static str) -> Option<Self> {
        let statement = without_comments(statement).trim_end().trim_end_matches(';');
        let (head, rest) = statement.split_once(" index if not exists ")?;
        if !matches!(head, "create" | "create unique") {
            return None;
        }
        let (name, rest) = rest.split_once(char::is_whitespace)?;
        let rest = rest.trim_start().strip_prefix("on ")?;
        let end = rest.find(|char: char| char.is_whitespace() || char == '(')?;
        let (table, tail) = rest.split_at(end);
        Some(Self { name: name.to_owned(), table: table.to_owned(), head, tail: tail.to_owned() })
    }

    /// The index of migration 0004, for pgvector in this schema.
    pub(super) fn of_vectors(schema: &str) -> Self {
        Self {
            name: "memory_facts_embedding".to_owned(),
            table: "memory_facts".to_owned(),
            head: "create",
            tail: format!(" using hnsw (embedding {schema}.vector_cosine_ops) where is_active"),
        }
    }

    /// The statement that builds it while the table stays in use.
    pub(super) fn concurrently(&self) -> String {
        format!("{} index concurrently if not exists {} on {}{}", self.head, self.name, self.table, self.tail)
    }

    /// The statement that creates it on an empty copy of the table.
    pub(super) fn on_the_shape(&self) -> String {
        format!("{} index nikita_jobs_shape_index on nikita_jobs_shape{}", self.head, self.tail)
    }
}

/// The table that a statement locks, if it names one.
pub(super) fn table_of(statement: &str) -> Option<&str> {
    let statement = without_comments(statement);
    let beginnings =
        ["create table if not exists ", "alter table if exists ", "alter table ", "comment on column ", "update "];
    let rest = beginnings.iter().find_map(|it| statement.strip_prefix(it));
    let rest = rest.or_else(|| statement.split_once(" index if not exists ")?.1.split_once(" on ").map(|it| it.1))?;
    rest.split(|it: char| !(it.is_alphanumeric() || it == '_')).next()
}

/// The table and the column of `alter table TABLE add column if not exists COLUMN …`.
pub(super) fn added_column(statement: &str) -> Option<(&str, &str)> {
    let (table, rest) = without_comments(statement).strip_prefix("alter table ")?.split_once(super::ADD_COLUMN)?;
    Some((table, rest.split_whitespace().next()?))
}

/// Joins consecutive statements on the same table, so that no transaction locks two tables.
pub(super) fn by_table(statements: &[&str]) -> Vec<String> {
    let mut all: Vec<(Option<&str>, String)> = Vec::new();
    for statement in statements {
        let table = table_of(statement);
        match all.last_mut() {
            Some((of, text)) if of.is_some() && *of == table => text.push_str(statement),
            _ => all.push((table, (*statement).to_owned())),
        }
    }
    all.into_iter().map(|(_, text)| text).collect()
}

fn without_comments(mut statement: &str) -> &str {
    loop {
        statement = statement.trim_start();
        match statement.strip_prefix("--").and_then(|comment| comment.split_once('\n')) {
            Some((_, rest)) => statement = rest,
            None => return statement,
        }
    }
}

/// The statements, each with its semicolon and the comments before it. Semicolons in strings, comments and `$$` blocks do not count.
pub(super) fn statements(sql: &'static str) -> Vec<&'static str> {
    let (mut all, mut begins, mut at) = (Vec::new(), 0, 0);
    while at < sql.len() {
        let rest = &sql[at..];
        let skipped = |opening: usize, close: &str| {
            rest[opening..].find(close).map_or(rest.len(), |end| opening + end + close.len())
        };
        at += if rest.starts_with("--") {
            skipped(2, "\n")
        } else if rest.starts_with("$$") {
            skipped(2, "$$")
        } else if rest.starts_with('\'') {
            skipped(1, "'")
        } else if rest.starts_with(';') {
            all.push(&sql[begins..=at]);
            begins = at + 1;
            1
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
    }
    if !sql[begins..].trim().is_empty() {
        all.push(&sql[begins..]);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_end_where_they_end() {
        let sql = "-- a; b\ncreate table t (x text default ';');\ndo $$ begin; end $$;\nselect 'it''s;';\n";
        let all: Vec<_> = statements(sql).into_iter().map(str::trim).collect();
        assert_eq!(all, ["-- a; b\ncreate table t (x text default ';');", "do $$ begin; end $$;", "select 'it''s;';"]);
    }

    #[test]
    fn an_index_is_read_from_its_statement() {
        let index = Index::of("-- why\ncreate unique index if not exists a on t (b, c) where d;").unwrap();
        assert_eq!((index.name.as_str(), index.table.as_str()), ("a", "t"));
        assert_eq!(index.concurrently(), "create unique index concurrently if not exists a on t (b, c) where d");
        assert_eq!(
            index.on_the_shape(),
            "create unique index nikita_jobs_shape_index on nikita_jobs_shape (b, c) where d"
        );
        let over_lines = Index::of("create index if not exists a on t using gin (b)\n    where c;").unwrap();
        assert_eq!(
            over_lines.concurrently(),
            "create index concurrently if not exists a on t using gin (b)\n    where c"
        );
        assert_eq!(Index::of("drop index if exists a;"), None);
        assert_eq!(Index::of("create table if not exists t (a text);"), None);
    }
    #[test]
    fn no_transaction_locks_two_tables() {
        let all = statements(
            "-- a\nalter table t add column if not exists a text;\ncomment on column t.a is 'x';\nupdate u set a = 1;\n\
             do $$ begin end $$;\ndo $$ begin end $$;\ncreate index if not exists i on u (a);\ncreate table if not exists u (a text);",
        );
        let groups = by_table(&all);
        assert_eq!(groups.len(), 5, "{groups:?}");
        assert!(groups[0].contains("comment on column"));
        assert_eq!(added_column(all[0]), Some(("t", "a")));
        assert_eq!(added_column(all[1]), None);
    }
}
