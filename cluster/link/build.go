package link

// What master and agents say of the Mesos that they follow, in /version, /state
// and GET_VERSION: the release, and the commit whose behaviour was recorded.
const (
	Version   = "1.12.0"
	BuildDate = "2024-08-23 00:00:00 UTC"
	BuildTime = 1724371200.0 // BuildDate, in seconds
	BuildUser = "mesosbook"
	GitSHA    = "c1b42f79d157aa900be5cbb0c1023f1479962aa7"
)
