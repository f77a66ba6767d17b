//! The fields of rows that typed terms speak of: their words, and what kind of value each has.
//!
//! Never: what the field of a row is worth (`fleet::field`). Called by `term` and by `fleet::field`.

/// What kind of value a field has: how what is typed is read, and how it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Words.
    Text,
    /// A version: as many of its numbers as are typed.
    Version,
    /// A count; of a part of a whole the part.
    Count,
    /// A span of time.
    Duration,
    /// Cores.
    Cpu,
    /// Bytes.
    Memory,
    /// A part in hundredths.
    Percent,
}

impl Sort {
    /// What has to stand behind the operator.
    pub(super) const fn wanted(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Version => "a version",
            Self::Count => "a number",
            Self::Duration => "a time with its unit (s m h d w)",
            Self::Cpu => "a number of cores",
            Self::Memory => "a number of bytes",
            Self::Percent => "a number of percent",
        }
    }

    /// A value.
    pub(super) const fn example(self) -> &'static str {
        match self {
            Self::Text => "web",
            Self::Version => "1.31",
            Self::Count => "5",
            Self::Duration => "2h",
            Self::Cpu => "500m",
            Self::Memory => "512Mi",
            Self::Percent => "80%",
        }
    }
}

macro_rules! fields {
    ($($field:ident $sort:ident $word:literal [$($alias:literal)*];)*) => {
        /// A field of a row.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "each variant is the field of that name")]
        pub enum Field { $($field),* }

        impl Field {
            /// All of them, in the order of the help.
            pub const ALL: &'static [Self] = &[$(Self::$field),*];

            /// The word for it.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$field => $word),* }
            }

            /// What kind of value it has.
            pub const fn sort(self) -> Sort {
                match self { $(Self::$field => Sort::$sort),* }
            }

            /// The field of that word or of another one for it, in any case.
            pub fn parse(word: &str) -> Option<Self> {
                const WORDS: &[(&str, Field)] = &[$(($word, Field::$field), $(($alias, Field::$field),)*)*];
                WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, field)| *field)
            }
        }
    };
}

fields! {
    Cluster Text "cluster" ["cl"];
    Cloud Text "cloud" ["provider"];
    Region Text "region" [];
    Account Text "account" ["project" "subscription"];
    Env Text "env" ["environment"];
    Namespace Text "ns" ["namespace"];
    Name Text "name" [];
    Status Text "status" ["state"];
    Ready Count "ready" [];
    Restarts Count "restarts" ["restart"];
    Age Duration "age" [];
    Node Text "node" [];
    Ip Text "ip" [];
    Image Text "image" ["images"];
    Cpu Cpu "cpu" [];
    Mem Memory "mem" ["memory"];
    CpuPart Percent "cpu%" [];
    MemPart Percent "mem%" ["memory%"];
    CpuRequest Cpu "cpu-req" ["cpu-request" "cpu-requests"];
    MemRequest Memory "mem-req" ["mem-request" "mem-requests"];
    Replicas Count "replicas" ["desired"];
    Qos Text "qos" [];
    Type Text "type" [];
    Zone Text "zone" [];
    Pool Text "pool" [];
    Version Version "version" [];
    Pods Count "pods" [];
}

impl Field {
    /// The field that `80%` of this one speaks of: `cpu>80%` is `cpu%>80`.
    pub(super) const fn part(self) -> Option<Self> {
        match self {
            Self::Cpu => Some(Self::CpuPart),
            Self::Mem => Some(Self::MemPart),
            _ => None,
        }
    }

    /// It is the same in all rows of a cluster.
    pub const fn is_of_cluster(self) -> bool {
        matches!(self, Self::Cluster | Self::Cloud | Self::Region | Self::Account | Self::Env)
    }
}
