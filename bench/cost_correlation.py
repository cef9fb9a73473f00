"""Predicted against measured on this machine, over equal variants of each of some graphs."""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from scipy.stats import kendalltau
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

sys.path.insert(0, str(Path(__file__).parent))
from cost_graphs import graphs

from taso.dialects.base import AttrValue
from taso.frontends.build import generate, main_of
from taso.frontends.output_memory import Expected, OutputMemory
from taso.lowering.measure import measure
from taso.lowering.runtime import Program, draw_inputs
from taso.passes.form_kernels import FormKernelsPass
from taso.passes.hoist_params import HoistParamsPass
from taso.passes.optimize import optimize_function
from taso.passes.rules.library import DEFAULT_RULES
from taso.passes.search.convert import from_selection, origin_choice, to_egraph
from taso.passes.search.cost import CostModel
from taso.passes.search.devices import CPU
from taso.passes.search.egraph import INPUT, EGraph, ENode
from taso.passes.search.extract import Selection, extract, function_cost
from taso.passes.search.outputs import computed_roots
from taso.passes.search.program import Program as ProgramGraph
from taso.passes.search.saturate import Limits, saturate
from taso.passes.apply_rules import find_rule
