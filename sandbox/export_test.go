package sandbox

// Endpoints are the API methods that are served, e.g. "POST /v1/refunds".
func Endpoints() []string {
	var all []string
	for _, rt := range routes {
		all = append(all, rt.method+" "+rt.pattern)
	}
	return all
}
