//! Whether mail will arrive and the house is in order.

use actix_web::web::Data;

use super::caller::Admin;
use super::{Answered, ok};
use crate::answers::CheckupAnswer;
use crate::flows::doctor as examine;
use crate::store::doctor;
use crate::web::Web;
use crate::web::problem::ProblemBody;

/// What the doctor found last
///
/// It looks once a day by itself. A check is `ok`, `warn`, `fail` or `unknown`; where mail would not arrive it is `fail`.
#[utoipa::path(get, path = "/api/v1/doctor", tag = "house",
    responses((status = 200, body = CheckupAnswer), (status = 403, body = ProblemBody)))]
pub async fn show(web: Data<Web>, _: Admin) -> Answered {
    ok(&CheckupAnswer::from(doctor::latest(&mut web.house.db.read().await?).await?))
}

/// Let the doctor look now
///
/// It asks DNS, the mail servers and the house's own address, as after a change of a record. The answer comes within ten
/// seconds: where one of them is slower, it is of the time before, as its `at` says, and the new one follows.
#[utoipa::path(post, path = "/api/v1/doctor", tag = "house",
    responses((status = 200, body = CheckupAnswer), (status = 403, body = ProblemBody)))]
pub async fn look(web: Data<Web>, admin: Admin) -> Answered {
    examine::look_now(&web.house).await;
    show(web, admin).await
}
