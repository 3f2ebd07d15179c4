# SPDX-License-Identifier: Apache-2.0
"""What a frozen image holds beside MicroPython's own modules; each board's manifest.py includes it.

In a frozen image the code and the base table of 32 KiB lie in flash and cost no heap. boot.py and main.py stay in the
file system: they are what a person changes, and what tools copy.
"""

package("wattpact", base_path="../firmware", opt=0)
