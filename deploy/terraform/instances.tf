# One service, one instance.

locals {
  # The training instance is MLflow's.
  gpu = var.training == null ? {} : { mlflow = var.training }
}

resource "google_compute_instance" "platform" {
  #checkov:skip=CKV_GCP_38: disks are encrypted with Google's keys; a key of one's own is one more thing to lose
  #checkov:skip=CKV_GCP_40: the backend alone has an address, for callers
  for_each = local.names

  name         = each.value
  hostname     = "${each.value}.${trimsuffix(google_dns_managed_zone.names.dns_name, ".")}"
  machine_type = contains(keys(local.gpu), each.key) ? local.gpu[each.key].machine_type : lookup(var.machine_types, each.key, var.machine_type)
  zone         = var.zone
  labels       = { platform = each.key }

  deletion_protection       = !var.delete_data
  allow_stopping_for_update = true

  boot_disk {
    initialize_params {
      image = contains(keys(local.gpu), each.key) ? local.gpu[each.key].image : var.image
      size  = var.disk_gb
      type  = "pd-balanced"
    }
  }

  network_interface {
    subnetwork = google_compute_subnetwork.nextloop.id
    network_ip = google_compute_address.inside[each.key].address

    # The others go out through NAT and are reached by nobody.
    dynamic "access_config" {
      for_each = each.key == "backend" ? [google_compute_address.backend.address] : []

      content {
        nat_ip = access_config.value
      }
    }
  }

  dynamic "guest_accelerator" {
    for_each = contains(keys(local.gpu), each.key) ? [local.gpu[each.key]] : []

    content {
      type  = guest_accelerator.value.gpu_type
      count = guest_accelerator.value.gpu_count
    }
  }

  # A machine with a GPU cannot be moved while it runs.
  scheduling {
    automatic_restart   = true
    on_host_maintenance = contains(keys(local.gpu), each.key) ? "TERMINATE" : "MIGRATE"
  }

  service_account {
    email  = google_service_account.platform[each.key].email
    scopes = ["cloud-platform"] # what it may is said by its roles
  }

  shielded_instance_config {
    enable_secure_boot          = !contains(keys(local.gpu), each.key) # NVIDIA's driver is not signed
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  metadata = {
    enable-oslogin         = "TRUE"
    block-project-ssh-keys = "TRUE"
    serial-port-enable     = "FALSE"
    install-nvidia-driver  = contains(keys(local.gpu), each.key) ? "True" : "False"
    startup-script = templatefile("${path.module}/start.sh.tftpl", {
      platform   = each.key
      domain     = trimsuffix(google_dns_managed_zone.names.dns_name, ".")
      repository = var.repository
      revision   = var.revision
      address    = google_compute_address.inside[each.key].address
      landing    = "gs://${google_storage_bucket.data["landing"].name}"
      lake       = "gs://${google_storage_bucket.data["lake"].name}"
      models     = "gs://${google_storage_bucket.data["models"].name}"
      mlflow     = local.names["mlflow"]
      secrets = {
        for name, secret in local.secrets : google_secret_manager_secret.shared[name].secret_id =>
        startswith(secret.path, "slack_") ? "${each.key}/${secret.path}" : secret.path
        if contains(secret.of, each.key)
      }
    })
  }

  lifecycle {
    # A family's newest image is another one next month; running machines stay.
    ignore_changes = [boot_disk[0].initialize_params[0].image]
  }

  depends_on = [google_secret_manager_secret_iam_member.reader, google_compute_router_nat.out]
}
