output "backend_address" {
  description = "What hotels' systems call; point a name of yours at it."
  value       = google_compute_address.backend.address
}

output "landing" {
  description = "Where hotels' files go."
  value       = "gs://${google_storage_bucket.data["landing"].name}"
}

output "lake" {
  description = "What data scientists read."
  value       = "gs://${google_storage_bucket.data["lake"].name}"
}

output "instances" {
  description = "Private addresses by name."
  value       = { for platform, name in local.names : name => google_compute_address.inside[platform].address }
}

output "secrets" {
  description = "Put a value into each of these, once: gcloud secrets versions add NAME --data-file=FILE."
  value       = [for secret in google_secret_manager_secret.shared : secret.secret_id]
}
