internal import Glibc

/// Bytes of memory of this machine, or fewer where a limit is set for the process (ulimit -v).
public func physicalMemory() -> Int {
  let total = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
  var limit = rlimit()
  guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0,
    limit.rlim_cur < UInt(total)
  else { return total }
  return Int(limit.rlim_cur)
}
