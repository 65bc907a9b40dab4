/** Who has what counts for one subject. Two tenants may both have an ada; no path has a NUL. */
export function holderOf(subject: string, chroot: string): string {
  return `${chroot}\0${subject}`
}
