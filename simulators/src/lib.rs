//! Stand-ins of Easemob and of the providers, with faults.
