//! The catalogue of list prices: the embedded table (`data/instance-prices.csv.gz`) or a user's file of the
//! same columns.
//!
//! Text in, a sorted table out; unpacking the file is the caller's. 94,162 rows take about 5 MB, as names are
//! interned. Must never open a file or convert a currency. Called by [`super::node`], and by whoever compares
//! instance types.

use std::collections::HashMap;

use jiff::civil::Date;

use super::money::parse_usd;
use crate::domain::place::Provider;
use crate::domain::text::SafeText;

/// The columns, in order; see `data/README.md`.
pub const COLUMNS: [&str; 11] = [
    "provider",
    "region",
    "instance_type",
    "vcpu",
    "memory_gib",
    "gpu_count",
    "gpu_model",
    "ondemand_usd_hour",
    "spot_usd_hour",
    "as_of",
    "source",
];

/// The region of a row that holds wherever its provider has no row of its own.
const ANY_REGION: &str = "*";

/// The list price of one instance type in one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// On demand, nano-dollars per hour.
    pub ondemand_nano: i64,
    /// Spot, nano-dollars per hour, where the sources say.
    pub spot_nano: Option<i64>,
    /// Thousandths of a virtual CPU, where the sources say.
    pub vcpu_milli: Option<u32>,
    /// MiB of memory, where the sources say.
    pub mem_mib: Option<u32>,
    /// GPUs, where the sources say.
    pub gpu: Option<u16>,
    /// What those GPUs are; empty when there are none or nobody says.
    pub gpu_model: SafeText,
    /// The day the on-demand price was read from its provider.
    pub as_of: Date,
    /// Which of the tables in `data/README.md` it comes from.
    pub source: SafeText,
}

/// Why a price table cannot be used. Lines are counted from 1, the header included.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// The first line does not name the columns.
    #[error("the price table's first line is `{found}`; it must be `{}`", COLUMNS.join(","))]
    Header {
        /// The first line.
        found: SafeText,
    },
    /// A line that is no CSV, or has too few or too many cells.
    #[error("line {line} of the price table: {why}")]
    Line {
        /// Which line.
        line: u64,
        /// The CSV reader's words.
        why: SafeText,
    },
    /// A cell that cannot be read.
    #[error("line {line} of the price table: {column} `{value}` is {wanted}")]
    Cell {
        /// Which line.
        line: u64,
        /// Which column.
        column: &'static str,
        /// What it holds.
        value: SafeText,
        /// What is wrong with it, after "is".
        wanted: &'static str,
    },
}

/// One row; names are numbers of the interned lists. The table is sorted by [`Row::key`].
#[derive(Clone, Copy, Debug)]
struct Row {
    provider: Provider,
    region: u32,
    kind: u32,
    origin: u16,
    gpu_model: u16,
    gpu: Option<u16>,
    vcpu_milli: Option<u32>,
    mem_mib: Option<u32>,
    ondemand_nano: i64,
    /// Zero: not known. The table holds no free machine.
    spot_nano: i64,
}

impl Row {
    fn key(&self) -> (Provider, u32, u32) {
        (self.provider, self.region, self.kind)
    }
}

/// Prices by provider, region and instance type.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    rows: Vec<Row>,
    regions: Names,
    kinds: Names,
    gpu_models: Vec<SafeText>,
    origins: Vec<(Date, SafeText)>,
}

/// Names by number and numbers by name.
#[derive(Clone, Debug, Default)]
struct Names {
    by_name: HashMap<SafeText, u32>,
    names: Vec<SafeText>,
}

impl Names {
    fn find(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    fn name(&self, number: u32) -> Option<&SafeText> {
        self.names.get(usize::try_from(number).ok()?)
    }

    fn intern(&mut self, name: &str) -> u32 {
        if let Some(number) = self.find(name) {
            return number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        let name = SafeText::new(name);
        self.by_name.insert(name.clone(), number);
        self.names.push(name);
        number
    }
}

impl Catalogue {
    /// Reads a table with the columns of [`COLUMNS`]. Where two rows have the same key, the later holds.
    pub fn parse(csv: &str) -> Result<Self, CatalogueError> {
        let mut catalogue = Self::default();
        catalogue.read(csv)?;
        catalogue.sort();
        Ok(catalogue)
    }

    /// How many prices there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The price of a type in a region; where the region has no row, the provider's price for any region
    /// (`*`). An Oracle shape that is priced by OCPU and GB has no row of its own: see
    /// [`super::node::price_node`].
    pub fn price(&self, provider: Provider, region: &str, instance_type: &str) -> Option<Price> {
        let kind = self.kinds.find(instance_type)?;
        let row = self.row(provider, region, kind).or_else(|| self.row(provider, ANY_REGION, kind))?;
        Some(self.show(row))
    }

    /// Every type with its price in exactly this region, by no particular order of names: for comparing
    /// types.
    pub fn types(&self, provider: Provider, region: &str) -> impl Iterator<Item = (&SafeText, Price)> {
        let found = self.regions.find(region).and_then(|number| {
            let key = (provider, number);
            let start = self.rows.partition_point(|r| (r.provider, r.region) < key);
            let end = self.rows.partition_point(|r| (r.provider, r.region) <= key);
            self.rows.get(start..end)
        });
        found.unwrap_or_default().iter().filter_map(|row| Some((self.kinds.name(row.kind)?, self.show(row))))
    }

    /// The regions a provider has prices in, without `*`, by name.
    pub fn regions(&self, provider: Provider) -> Vec<SafeText> {
        let mut numbers: Vec<u32> = Vec::new();
        for row in self.rows.iter().filter(|r| r.provider == provider) {
            if numbers.last() != Some(&row.region) {
                numbers.push(row.region);
            }
        }
        let mut names: Vec<SafeText> = numbers
            .into_iter()
            .filter_map(|n| self.regions.name(n))
            .filter(|n| **n != ANY_REGION)
            .cloned()
            .collect();
        names.sort();
        names
    }

    fn row(&self, provider: Provider, region: &str, kind: u32) -> Option<&Row> {
        let key = (provider, self.regions.find(region)?, kind);
        let at = self.rows.binary_search_by_key(&key, Row::key).ok()?;
        self.rows.get(at)
    }

    fn show(&self, row: &Row) -> Price {
        let origin = self.origins.get(usize::from(row.origin));
        Price {
            ondemand_nano: row.ondemand_nano,
            spot_nano: (row.spot_nano > 0).then_some(row.spot_nano),
            vcpu_milli: row.vcpu_milli,
            mem_mib: row.mem_mib,
            gpu: row.gpu,
            gpu_model: self.gpu_models.get(usize::from(row.gpu_model)).cloned().unwrap_or_default(),
            as_of: origin.map(|o| o.0).unwrap_or_default(),
            source: origin.map(|o| o.1.clone()).unwrap_or_default(),
        }
    }

    fn read(&mut self, text: &str) -> Result<(), CatalogueError> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        let mut record = csv::StringRecord::new();
        let mut read = |record: &mut csv::StringRecord| match reader.read_record(record) {
            Ok(more) => Ok(more),
            Err(e) => Err(CatalogueError::Line {
                line: e.position().map_or(0, csv::Position::line),
                why: SafeText::new(&e.to_string()),
            }),
        };
        read(&mut record)?;
        if !record.iter().eq(COLUMNS) {
            let found: Vec<&str> = record.iter().collect();
            return Err(CatalogueError::Header { found: SafeText::new(&found.join(",")) });
        }
        self.rows.reserve(text.len() / 90);
        // Neighbours mostly share these, so most rows look nothing up.
        let mut region: (String, u32) = (String::new(), u32::MAX);
        let mut origin: (String, String, u16) = (String::new(), String::new(), 0);
        while read(&mut record)? {
            let cells = Cells::of(&record)?;
            if region.0 != cells.region || region.1 == u32::MAX {
                region = (cells.region.to_owned(), self.regions.intern(cells.region));
            }
            if origin.0 != cells.as_of || origin.1 != cells.source {
                origin = (cells.as_of.to_owned(), cells.source.to_owned(), self.origin(&cells)?);
            }
            let row = Row {
                provider: cells.provider()?,
                region: region.1,
                kind: self.kinds.intern(cells.instance_type),
                origin: origin.2,
                gpu_model: self.gpu_model(&cells)?,
                gpu: cells.gpu()?,
                vcpu_milli: cells.scaled("vcpu", cells.vcpu, 1000)?,
                mem_mib: cells.scaled("memory_gib", cells.memory_gib, 1024)?,
                ondemand_nano: cells
                    .money("ondemand_usd_hour", cells.ondemand)?
                    .ok_or_else(|| cells.bad("ondemand_usd_hour", cells.ondemand, "not a price"))?,
                spot_nano: cells.money("spot_usd_hour", cells.spot)?.unwrap_or(0),
            };
            self.rows.push(row);
        }
        Ok(())
    }

    /// By key; the sort is stable, so of rows with one key the last is the one read last.
    fn sort(&mut self) {
        self.rows.sort_by_key(Row::key);
        self.rows.dedup_by(|later, kept| {
            let same = later.key() == kept.key();
            if same {
                *kept = *later;
            }
            same
        });
        self.rows.shrink_to_fit();
    }

    fn origin(&mut self, cells: &Cells<'_>) -> Result<u16, CatalogueError> {
        let as_of: Date = cells
            .as_of
            .parse()
            .map_err(|_| cells.bad("as_of", cells.as_of, "not a date such as 2026-07-20"))?;
        let found =
            self.origins.iter().position(|(date, source)| *date == as_of && **source == *cells.source);
        let number = found.unwrap_or(self.origins.len());
        if found.is_none() {
            self.origins.push((as_of, SafeText::new(cells.source)));
        }
        u16::try_from(number).map_err(|_| cells.bad("source", cells.source, "one source too many"))
    }

    fn gpu_model(&mut self, cells: &Cells<'_>) -> Result<u16, CatalogueError> {
        let found = self.gpu_models.iter().position(|model| **model == *cells.gpu_model);
        let number = found.unwrap_or(self.gpu_models.len());
        if found.is_none() {
            self.gpu_models.push(SafeText::new(cells.gpu_model));
        }
        u16::try_from(number).map_err(|_| cells.bad("gpu_model", cells.gpu_model, "one model too many"))
    }
}

/// The cells of one line.
struct Cells<'a> {
    line: u64,
    provider: &'a str,
    region: &'a str,
    instance_type: &'a str,
    vcpu: &'a str,
    memory_gib: &'a str,
    gpu_count: &'a str,
    gpu_model: &'a str,
    ondemand: &'a str,
    spot: &'a str,
    as_of: &'a str,
    source: &'a str,
}

impl<'a> Cells<'a> {
    fn of(record: &'a csv::StringRecord) -> Result<Self, CatalogueError> {
        let line = record.position().map_or(0, csv::Position::line);
        let mut cells = record.iter();
        // The reader refuses lines of another length than the first.
        let mut next = || cells.next().unwrap_or_default();
        let cells = Self {
            line,
            provider: next(),
            region: next(),
            instance_type: next(),
            vcpu: next(),
            memory_gib: next(),
            gpu_count: next(),
            gpu_model: next(),
            ondemand: next(),
            spot: next(),
            as_of: next(),
            source: next(),
        };
        for (column, value) in [("region", cells.region), ("instance_type", cells.instance_type)] {
            if value.is_empty() {
                return Err(cells.bad(column, value, "empty"));
            }
        }
        Ok(cells)
    }

    fn bad(&self, column: &'static str, value: &str, wanted: &'static str) -> CatalogueError {
        CatalogueError::Cell { line: self.line, column, value: SafeText::new(value), wanted }
    }

    fn provider(&self) -> Result<Provider, CatalogueError> {
        Provider::parse(self.provider).ok_or_else(|| self.bad("provider", self.provider, "no provider"))
    }

    /// A blank cell is `None`; zero is refused, because it would read as "free".
    fn money(&self, column: &'static str, text: &str) -> Result<Option<i64>, CatalogueError> {
        if text.is_empty() {
            return Ok(None);
        }
        match parse_usd(text) {
            Some(nano) if nano > 0 => Ok(Some(nano)),
            Some(_) | None => Err(self.bad(column, text, "not a price")),
        }
    }

    fn scaled(&self, column: &'static str, text: &str, factor: u64) -> Result<Option<u32>, CatalogueError> {
        if text.is_empty() {
            return Ok(None);
        }
        // A decimal is read exactly by the same code as dollars.
        let nano = parse_usd(text).and_then(|n| u64::try_from(n).ok());
        let units =
            nano.and_then(|n| n.checked_mul(factor)).and_then(|n| u32::try_from(n / 1_000_000_000).ok());
        units.map(Some).ok_or_else(|| self.bad(column, text, "not a number"))
    }

    fn gpu(&self) -> Result<Option<u16>, CatalogueError> {
        if self.gpu_count.is_empty() {
            return Ok(None);
        }
        self.gpu_count.parse().map(Some).map_err(|_| self.bad("gpu_count", self.gpu_count, "not a count"))
    }
}

#[cfg(test)]
#[path = "catalogue_tests.rs"]
mod tests;
