package inspect

// The volume recognition sequence of UDF is where the descriptors of ISO 9660 are, behind them if the image is both
// [ECMA-167, 2/8.3].
const udfDescriptors = 16 // that are looked at

// findUDF tells by its mark alone that there is UDF. Where its tree is, another one than that of ISO 9660 may be.
func findUDF(a *area) *FileSystem {
	for i := range int64(udfDescriptors) {
		if at := isoOffset + i*isoSector + 1; a.has(at, "NSR02") || a.has(at, "NSR03") {
			return &FileSystem{Type: "udf"}
		}
	}
	return nil
}
