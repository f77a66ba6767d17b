//! Clouds: what the local files of the clouds' command lines speak of; AWS is asked who we are on request.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::quantity::count;
use crate::fleet::table::Column;
use crate::ops::clouds::CloudProfile;
use crate::ui::action::Action;
use crate::ui::effect::{Effect, Job, Said};
use crate::ui::pane::{Pane, Seen};
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;
use crate::ui::widget::list::List;
use crate::ui::widget::table::{DrawnCell, DrawnRow, Widths, draw as draw_table};

/// The pane's state.
#[derive(Default)]
pub struct Clouds {
    profiles: Option<Vec<CloudProfile>>,
    asking: Option<String>,
    list: List,
    widths: Widths,
}

const fn column(title: &'static str, rank: u8, most: u16) -> Column {
    Column::new(title, false, rank, most)
}

const COLUMNS: [Column; 6] = [
    column("CLOUD", 0, 14),
    column("PROFILE", 0, 30),
    column("ACCOUNT", 1, 38),
    column("REGION", 3, 18),
    column("SIGNS IN BY", 2, 34),
    column("WHO", 1, 70),
];

fn cells(p: &CloudProfile, asking: Option<&str>) -> Vec<String> {
    let who = match (&p.identity, asking == Some(p.name.as_str()) && p.provider == "aws") {
        (_, true) => "asking …".to_owned(),
        (Some(Ok(arn)), _) => arn.clone(),
        (Some(Err(why)), _) => why.clone(),
        (None, _) if p.provider == "aws" => "Enter asks".to_owned(),
        (None, _) => "–".to_owned(),
    };
    vec![
        p.provider.to_owned(),
        if p.default { format!("{} *", p.name) } else { p.name.clone() },
        p.account.clone().unwrap_or_else(|| "–".to_owned()),
        p.region.clone().unwrap_or_else(|| "–".to_owned()),
        p.method.clone(),
        who,
    ]
}

impl Pane for Clouds {
    fn prepare(&mut self, _seen: Seen<'_>, (rows, _): (u16, u16)) {
        self.list.set_page(usize::from(rows.saturating_sub(1)));
        self.list.set_len(self.profiles.as_ref().map_or(0, Vec::len));
        for p in self.profiles.iter().flatten() {
            let cells = cells(p, self.asking.as_deref());
            self.widths.grow(&COLUMNS, cells.iter().map(String::as_str));
        }
    }

    fn heading(&self, _seen: Seen<'_>) -> String {
        match &self.profiles {
            None => "reading local files".to_owned(),
            Some(list) => format!("{} in local files", count(list.len(), "identity")),
        }
    }

    fn draw(&self, _seen: Seen<'_>, theme: &Theme, focused: bool, area: Rect, buf: &mut Buffer) {
        let Some(list) = self.profiles.as_ref().filter(|l| !l.is_empty()) else {
            let words = [
                "no cloud profile was found in ~/.aws, ~/.config/gcloud or ~/.azure",
                "sign in with `aws configure sso`, `gcloud auth login` or `az login`, then come back",
            ];
            for (y, line) in (area.y..area.bottom()).zip(words) {
                draw::text(buf, area.x + 2, y, line, area.width.saturating_sub(2), theme.style(Role::Muted));
            }
            return;
        };
        draw_table(buf, area, theme, (&COLUMNS, &self.widths), &self.list, focused, |i| {
            let cells = list.get(i).map(|p| cells(p, self.asking.as_deref())).unwrap_or_default();
            DrawnRow { cells: cells.into_iter().map(DrawnCell::plain).collect(), sign: None }
        });
    }

    fn act(&mut self, _seen: Seen<'_>, action: Action) -> Vec<Effect> {
        if self.list.act(action) {
            return Vec::new();
        }
        let profile = self.profiles.as_ref().and_then(|l| l.get(self.list.cursor)).cloned();
        match (action, profile) {
            (Action::Open | Action::CloudIdentity, Some(p)) if p.provider == "aws" => {
                self.asking = Some(p.name.clone());
                vec![Effect::Job(Job::Identify { profile: Box::new(p) })]
            }
            (Action::Open | Action::CloudIdentity, Some(p)) => {
                vec![Effect::complain(format!(
                    "asking {} who we are is not supported yet; AWS is",
                    p.provider
                ))]
            }
            (Action::Refresh, _) => vec![Effect::Job(Job::Clouds)],
            _ => Vec::new(),
        }
    }

    fn contexts(&self) -> &'static [&'static str] {
        &["clouds", "table"]
    }

    fn keys(&self) -> &'static [Action] {
        &[Action::Open, Action::Refresh, Action::Back]
    }

    fn hear(&mut self, said: &Said, _now: Timestamp) -> Vec<Effect> {
        match said {
            Said::Clouds(list) => self.profiles = Some(list.clone()),
            Said::Identity { profile, identity } => {
                self.asking = None;
                for p in self.profiles.iter_mut().flatten() {
                    if p.provider == "aws" && p.name == *profile {
                        p.identity = Some(identity.clone());
                    }
                }
            }
            _ => {}
        }
        Vec::new()
    }
}
