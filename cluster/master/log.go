package master

func (m *Master) logf(format string, args ...any)  { m.log.Print('I', format, args...) }
func (m *Master) warnf(format string, args ...any) { m.log.Print('W', format, args...) }
