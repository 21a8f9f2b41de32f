package registry

import "time"

// cooldown is how long after a protection's end an image cannot be deregistered yet.
const cooldown = 24 * time.Hour

// Protect returns the change that keeps the image from being deregistered until Unprotect.
func Protect() Change { return protection(Protected) }

// ProtectWithCooldown returns the change that keeps it so for another 24 hours after Unprotect.
func ProtectWithCooldown() Change { return protection(ProtectedWithCooldown) }

// Unprotect returns the change that ends the protection, or begins its cooldown.
func Unprotect() Change { return protection(Unprotected) }

// protection returns the change from any protection to p. To leave one with a cooldown takes the cooldown,
// also to one without: otherwise that would be the way around it.
func protection(p Protection) Change {
	return func(d *edit) error {
		if d.DeregistrationProtection == ProtectedWithCooldown && p != ProtectedWithCooldown {
			d.CooldownEnd = TimeOf(d.now.Add(cooldown))
		}
		d.DeregistrationProtection = p
		return nil
	}
}

// MayEnd returns OperationNotPermitted while the image is protected or its cooldown lasts. A protection that
// this version does not know is one.
func (m Image) MayEnd(now time.Time) error {
	if m.DeregistrationProtection != "" && m.DeregistrationProtection != Unprotected {
		return notPermitted(m.ID, "The image is protected from being deregistered.")
	}
	if now.Before(m.CooldownEnd.Time) {
		return notPermitted(m.ID, "The image cannot be deregistered until "+m.CooldownEnd.String()+
			", when the cooldown of its protection ends.")
	}
	return nil
}
