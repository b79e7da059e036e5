//! A person says yes: what was looked at is fixed by hash, and that is what will be sent.

use super::edition_content::{Rendering, contents};
use super::preflight::{Outside, asked, look};
use super::publish::is_as_approved;
use super::{FlowError, House};
use crate::domain::edition::{EditionStatus, EditionStep};
use crate::domain::newsletter::one_line;
use crate::domain::preflight::{Preflight, Severity};
use crate::store::editions::{self, ApprovalRecord, EditionRow};
use crate::store::{StoreError, audit, newsletters};

/// Who approves, and what they have seen.
#[derive(Clone, Debug)]
pub struct Approver<'a> {
    pub by: &'a str,
    /// They have seen the warnings.
    pub accept_warnings: bool,
    /// Why it may go in spite of errors; recorded.
    pub override_reason: Option<&'a str>,
}

/// Why an edition was not approved.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalError {
    /// Findings stand in the way.
    #[error("not approved: {}", .0.findings.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>().join(" "))]
    Findings(Preflight),
    #[error(transparent)]
    Flow(#[from] FlowError),
}

impl From<StoreError> for ApprovalError {
    fn from(error: StoreError) -> Self {
        Self::Flow(error.into())
    }
}

/// Approves a draft.
///
/// # Errors
/// [`ApprovalError::Findings`] when something stands in the way; [`FlowError::Conflict`] when its state forbids it.
pub async fn approve(house: &House, id: i64, approver: &Approver<'_>) -> Result<EditionRow, ApprovalError> {
    let now = house.clock.now();
    let reason = approver.override_reason.and_then(one_line).filter(|reason| !reason.is_empty());
    // Strangers are asked before the transaction begins, and only about what could still keep us from approving.
    let outside = match reason {
        Some(_) => Outside::not_asked(),
        None => asked(house, id, !approver.accept_warnings).await?.2,
    };
    let mut tx = house.db.write().await?;
    let mut edition = editions::by_id(&mut tx, id).await?.ok_or_else(|| FlowError::no_edition(id))?;
    // An approval that templates or settings have overtaken is none: the edition is looked at as it would go out now.
    if matches!(edition.status, EditionStatus::Approved | EditionStatus::Scheduled)
        && !is_as_approved(&mut tx, house, &edition).await?
    {
        editions::reopen(&mut tx, id, now).await?;
        edition = editions::by_id(&mut tx, id).await?.ok_or_else(|| FlowError::no_edition(id))?;
    }
    edition.status.after(EditionStep::Approve).map_err(|forbidden| FlowError::Conflict(forbidden.to_string()))?;
    let newsletter = newsletters::by_id(&mut tx, edition.newsletter_id)
        .await?
        .ok_or_else(|| FlowError::NotFound("newsletter of this edition".to_owned()))?;
    if newsletter.four_eyes && edition.edited_by.as_deref() == Some(approver.by) {
        let why = format!("four eyes: somebody other than {} must approve, who changed it last", approver.by);
        return Err(FlowError::Conflict(why).into());
    }
    let preflight = look(&mut tx, house, &newsletter, &edition, (&outside, newsletter.language)).await?;
    let blocked = !preflight.ok && reason.is_none();
    let unseen = !approver.accept_warnings && reason.is_none() && !preflight.messages(Severity::Warning).is_empty();
    if blocked || unseen {
        return Err(ApprovalError::Findings(preflight));
    }
    let contents = contents(&mut tx, house, &newsletter, &edition).await?;
    let rendering = Rendering::new(house, &newsletter, &contents).map_err(FlowError::from)?;
    let record = ApprovalRecord {
        content: &serde_json::to_string(&contents).expect("texts and numbers alone always become JSON"),
        content_hash: &rendering.hash(),
        by: approver.by,
        override_reason: reason.as_deref(),
    };
    if !editions::approve(&mut tx, id, edition.version, record, now).await? {
        return Err(
            FlowError::Conflict("somebody changed the edition at the same moment; look again".to_owned()).into()
        );
    }
    let detail = reason.as_deref().map(|reason| format!("override: {reason}")).unwrap_or_default();
    audit::note(&mut tx, approver.by, "edition.approve", &id.to_string(), &detail, now).await?;
    let edition = editions::by_id(&mut tx, id).await?.ok_or_else(|| FlowError::no_edition(id))?;
    tx.commit().await?;
    Ok(edition)
}
