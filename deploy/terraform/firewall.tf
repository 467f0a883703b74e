# What no rule lets in stays out: a network of one's own has no rule but these. Instances are told
# apart by their service accounts, which nobody gives himself by writing a tag.

resource "google_compute_firewall" "callers" {
  #checkov:skip=CKV_GCP_106: callers reach the API here; 80 is asked for beside 443
  name                    = "${local.name}-callers"
  network                 = google_compute_network.nextloop.id
  description             = "Hotels' systems reach the backend, and nothing else"
  direction               = "INGRESS"
  source_ranges           = ["0.0.0.0/0"]
  target_service_accounts = [google_service_account.platform["backend"].email]

  allow {
    protocol = "tcp"
    ports    = local.open.backend
  }
}

resource "google_compute_firewall" "ssh" {
  name          = "${local.name}-ssh"
  network       = google_compute_network.nextloop.id
  description   = "ssh through Identity-Aware Proxy, from Google's range for it"
  direction     = "INGRESS"
  source_ranges = ["35.235.240.0/20"]

  target_service_accounts = [for account in google_service_account.platform : account.email]

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "scrape" {
  for_each = local.platforms

  name                    = "${local.name}-scrape-${each.key}"
  network                 = google_compute_network.nextloop.id
  description             = "Prometheus asks ${each.key}"
  direction               = "INGRESS"
  source_service_accounts = [google_service_account.platform["monitoring"].email]
  target_service_accounts = [google_service_account.platform[each.key].email]

  allow {
    protocol = "tcp"
    ports    = values(merge(local.scraped.all, lookup(local.scraped, each.key, {})))
  }
}

resource "google_compute_firewall" "asked" {
  for_each = local.asked

  name                    = "${local.name}-${each.key}"
  network                 = google_compute_network.nextloop.id
  description             = "${join(", ", each.value.from)} to ${each.value.to}"
  direction               = "INGRESS"
  source_service_accounts = [for from in each.value.from : google_service_account.platform[from].email]
  target_service_accounts = [google_service_account.platform[each.value.to].email]

  allow {
    protocol = "tcp"
    ports    = each.value.ports
  }
}
