# Each platform is somebody of its own, and may what it needs. Instances have no keys: they are who
# they are by Google's metadata server.

resource "google_project_service" "used" {
  for_each = toset([
    "cloudresourcemanager.googleapis.com", "compute.googleapis.com", "dns.googleapis.com", "iam.googleapis.com",
    "iap.googleapis.com", "logging.googleapis.com", "secretmanager.googleapis.com",
    "storage.googleapis.com",
  ])

  service            = each.key
  disable_on_destroy = false
}

resource "google_service_account" "platform" {
  for_each = local.platforms

  account_id   = "${local.name}-${each.key}"
  display_name = "NextLoop: ${each.key}"
  depends_on   = [google_project_service.used]
}

locals {
  bucket_roles = {
    # Hotels' files are read and never changed by a job; events are added.
    "landing airflow read"  = { bucket = "landing", who = "airflow", role = "roles/storage.objectViewer" }
    "landing spark read"    = { bucket = "landing", who = "spark", role = "roles/storage.objectViewer" }
    "landing backend add"   = { bucket = "landing", who = "backend", role = "roles/storage.objectCreator" }
    "landing backend check" = { bucket = "landing", who = "backend", role = "roles/storage.objectViewer" }
    "lake airflow write"    = { bucket = "lake", who = "airflow", role = "roles/storage.objectUser" }
    "lake spark write"      = { bucket = "lake", who = "spark", role = "roles/storage.objectUser" }
    "lake backend read"     = { bucket = "lake", who = "backend", role = "roles/storage.objectViewer" }
    # Only MLflow's server touches models: jobs and the API ask it.
    "models mlflow write" = { bucket = "models", who = "mlflow", role = "roles/storage.objectUser" }
  }

  secrets = {
    guest-key        = { path = "guest.key", of = ["airflow", "spark", "backend"] }
    spark-secret     = { path = "spark/secret", of = ["airflow", "spark"] }
    mlflow-password  = { path = "jobs/mlflow_password", of = ["airflow", "spark", "mlflow", "backend"] }
    slack-page-url   = { path = "slack_page_url", of = ["backend", "monitoring"] }
    slack-ticket-url = { path = "slack_ticket_url", of = ["monitoring"] }
  }

  secret_readers = merge([
    for name, secret in local.secrets : { for who in secret.of : "${name} ${who}" => { secret = name, who = who } }
  ]...)
}

resource "google_storage_bucket_iam_member" "platform" {
  for_each = local.bucket_roles

  bucket = google_storage_bucket.data[each.value.bucket].name
  role   = each.value.role
  member = google_service_account.platform[each.value.who].member
}

# Their values are put in by hand (docs/install.md), so that none stands in Terraform's state.
resource "google_secret_manager_secret" "shared" {
  for_each = local.secrets

  secret_id  = "${local.name}-${each.key}"
  depends_on = [google_project_service.used]

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each = local.secret_readers

  secret_id = google_secret_manager_secret.shared[each.value.secret].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.platform[each.value.who].member
}

resource "google_project_iam_member" "logs" {
  for_each = local.platforms

  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.platform[each.key].member
}

# Who read or wrote which file, in logs that nobody changes.
resource "google_project_iam_audit_config" "buckets" {
  project    = var.project
  service    = "storage.googleapis.com"
  depends_on = [google_project_service.used]

  audit_log_config {
    log_type = "DATA_READ"
  }

  audit_log_config {
    log_type = "DATA_WRITE"
  }
}

resource "google_project_iam_member" "ssh" {
  for_each = {
    for pair in setproduct(var.admins, ["roles/iap.tunnelResourceAccessor", "roles/compute.osAdminLogin", "roles/compute.viewer"]) :
    "${pair[0]} ${pair[1]}" => { who = pair[0], role = pair[1] }
  }

  project    = var.project
  role       = each.value.role
  member     = each.value.who
  depends_on = [google_project_service.used]
}

# ssh into an instance is acting as its account.
resource "google_service_account_iam_member" "ssh" {
  for_each = {
    for pair in setproduct(var.admins, local.platforms) : "${pair[0]} ${pair[1]}" => { who = pair[0], platform = pair[1] }
  }

  service_account_id = google_service_account.platform[each.value.platform].name
  role               = "roles/iam.serviceAccountUser"
  member             = each.value.who
}
