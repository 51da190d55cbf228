package assemblies

type VoteManner string
type MajorityBase string

const OfPresent MajorityBase = "PRESENT"
