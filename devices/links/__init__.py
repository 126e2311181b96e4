"""Byte streams to hardware. Only the modules in here open any; their faults are DeviceGone or DeviceTimeout."""
