//! The fuzzy search of the table: asked for, waited for, answered. The rows of before stay until the answer comes.
//!
//! Never: the search itself (`ui::rank`). Called by the pane.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::domain::filter::fuzzy::Fuzzy;
use crate::ui::effect::Job;
use crate::ui::rank::Ranking;
use crate::ui::widget::keys::At;

use super::found::{Lists, Piece};

/// So few rows are searched at once, in less than the time of a frame.
const FEW: usize = 3_000;
/// Searching anew because of changes may take one part in so many of the time.
const PARTS: u32 = 5;

/// A search that is under way.
#[derive(Debug)]
struct Waiting {
    /// The keys of the rows that are searched.
    lists: Lists,
    since: Instant,
}

/// The search, and how it stands.
#[derive(Debug, Default)]
pub(super) struct Sought {
    generation: u64,
    waiting: Option<Waiting>,
    /// What has come and is not shown yet.
    answer: Option<(Lists, Vec<At>)>,
    /// What the loop is still to start.
    job: Option<Job>,
    /// When the last answer came, and how long it took.
    last: Option<(Instant, Duration)>,
}

impl Sought {
    /// Looks among these rows: says what is found when they are few, else it will be said later.
    pub(super) fn look(&mut self, fuzzy: &Fuzzy, pieces: &mut [Piece<'_>]) -> Option<Vec<At>> {
        let lists = pieces.iter_mut().map(|p| (p.texts.take().unwrap_or_default(), p.hits.take())).collect();
        let ranking = Ranking { fuzzy: fuzzy.clone(), lists };
        self.end();
        if ranking.len() <= FEW {
            return Some(ranking.run(|| true));
        }
        self.generation += 1;
        let lists = pieces.iter().map(|p| p.keys.clone()).collect();
        self.waiting = Some(Waiting { lists, since: Instant::now() });
        self.job = Some(Job::Rank { generation: self.generation, ranking: Arc::new(ranking) });
        None
    }

    /// Nothing is looked for any more.
    pub(super) fn end(&mut self) {
        self.answer = None;
        self.last = None;
        if self.waiting.take().is_some() {
            self.generation += 1;
            self.job = Some(Job::EndRank);
        }
    }

    /// Takes an answer; true when it is the one that is waited for.
    pub(super) fn hear(&mut self, generation: u64, rows: &[At]) -> bool {
        if generation != self.generation {
            return false;
        }
        let Some(waiting) = self.waiting.take() else { return false };
        self.last = Some((Instant::now(), waiting.since.elapsed()));
        self.answer = Some((waiting.lists, rows.to_vec()));
        true
    }

    /// What has come since it was asked last.
    pub(super) fn answer(&mut self) -> Option<(Lists, Vec<At>)> {
        self.answer.take()
    }

    /// What the loop is to start.
    pub(super) fn job(&mut self) -> Option<Job> {
        self.job.take()
    }

    /// An answer is waited for.
    pub(super) fn is_under_way(&self) -> bool {
        self.waiting.is_some()
    }

    /// Whether it may be looked again because something changed.
    pub(super) fn may_look_again(&self) -> bool {
        !self.is_under_way() && self.last.is_none_or(|(at, took)| at.elapsed() >= took.saturating_mul(PARTS))
    }
}
