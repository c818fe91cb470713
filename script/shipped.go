package script

import _ "embed"

// Shipped is the script that holds where a business has not saved its own.
//
//go:embed shipped.star
var Shipped string

// ShippedVersion changes whenever [Shipped] does something else.
const ShippedVersion = "shipped 1"
