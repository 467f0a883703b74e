resource "google_compute_network" "nextloop" {
  name                    = "${local.name}-nextloop"
  auto_create_subnetworks = false
  depends_on              = [google_project_service.used]
}

resource "google_compute_subnetwork" "nextloop" {
  name                     = "${local.name}-nextloop"
  network                  = google_compute_network.nextloop.id
  region                   = var.region
  ip_cidr_range            = "10.20.0.0/24"
  private_ip_google_access = true

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.1
    metadata             = "EXCLUDE_ALL_METADATA"
  }
}

# Out to package mirrors and Slack, for instances that have no address of their own.
resource "google_compute_router" "out" {
  name    = "${local.name}-out"
  network = google_compute_network.nextloop.id
  region  = var.region
}

resource "google_compute_router_nat" "out" {
  name                               = "${local.name}-out"
  router                             = google_compute_router.out.name
  region                             = var.region
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "ALL_SUBNETWORKS_ALL_IP_RANGES"

  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}

# Instances know each other by name. Google's own names end in .internal and hold the zone; these are
# the ones that Prometheus' targets and the compose files say.
resource "google_dns_managed_zone" "names" {
  name        = "${local.name}-names"
  dns_name    = "${local.name}.internal."
  description = "Instances by their names"
  visibility  = "private"

  private_visibility_config {
    networks {
      network_url = google_compute_network.nextloop.id
    }
  }
}

resource "google_dns_record_set" "instance" {
  for_each = local.names

  name         = "${each.value}.${google_dns_managed_zone.names.dns_name}"
  managed_zone = google_dns_managed_zone.names.name
  type         = "A"
  ttl          = 60
  rrdatas      = [google_compute_address.inside[each.key].address]
}

resource "google_compute_address" "inside" {
  for_each = local.names

  name         = "${each.value}-inside"
  region       = var.region
  subnetwork   = google_compute_subnetwork.nextloop.id
  address_type = "INTERNAL"
}

resource "google_compute_address" "backend" {
  name       = "${local.names["backend"]}-outside"
  region     = var.region
  depends_on = [google_project_service.used]
}
