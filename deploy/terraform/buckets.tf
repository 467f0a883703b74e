locals {
  buckets = {
    landing = "Order files as hotels sent them, and events"
    lake    = "Tables and features"
    models  = "MLflow's artifacts"
  }
}

resource "google_storage_bucket" "data" {
  #checkov:skip=CKV_GCP_62: Cloud Audit Logs (identities.tf) say who read and wrote what, and cannot be changed
  for_each = local.buckets

  name                        = "${var.bucket_prefix}-${each.key}"
  location                    = var.region
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = var.delete_data
  labels                      = { holds = each.key }
  depends_on                  = [google_project_service.used]

  # What was removed or written over by mistake comes back within 30 days.
  versioning {
    enabled = true
  }

  soft_delete_policy {
    retention_duration_seconds = 7 * 24 * 60 * 60
  }

  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 30
      with_state                 = "ARCHIVED"
    }
    action {
      type = "Delete"
    }
  }

  lifecycle_rule {
    condition {
      age = 7
    }
    action {
      type = "AbortIncompleteMultipartUpload"
    }
  }
}
