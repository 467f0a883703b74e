"""Made-up hotels with known truth: order files for the demo, for tests, and for recovery tests.

Nothing comes in but a `SimulatorConfig`; out go weekly CSV files of the order contract, equal in
every byte for equal configs, and the hidden truth behind them in a folder apart.
"""

from nextloop.simulator.config import SimulatorConfig
from nextloop.simulator.files import Written, write
from nextloop.simulator.landing import prepare
from nextloop.simulator.world import World, simulate

__all__ = ["SimulatorConfig", "World", "Written", "prepare", "simulate", "write"]
