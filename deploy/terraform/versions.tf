terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.40"
    }
  }

  # The bucket is made by hand, once: docs/install.md.
  # terraform init -backend-config="bucket=STATE_BUCKET"
  backend "gcs" {
    prefix = "nextloop"
  }
}

provider "google" {
  project = var.project
  region  = var.region
  zone    = var.zone
}
