"""Saves small models with XGBoost itself, in its three formats.

    apt-get install python3-xgboost
    /usr/bin/python3 make.py        in this folder
"""

import numpy as np
import xgboost as xgb

rng = np.random.default_rng(20240229)
x = rng.standard_normal((60, 4)).astype("float32")
y = (x[:, 0] + x[:, 1] > 0).astype(int)


def train(name, labels=y, **params):
    data = xgb.DMatrix(x, labels, feature_names=["a", "b", "c", "d"])
    booster = xgb.train({"max_depth": 3, "seed": 1, "nthread": 1, **params}, data, num_boost_round=3)
    booster.set_attr(best_iteration="2", note="assay")
    for extension in ("json", "ubj", "bin"):
        booster.save_model(f"{name}.{extension}")


train("tree", objective="binary:logistic", eval_metric=["auc", "logloss"])
train("classes", (x[:, 0] * 2).astype(int) % 3 % 3, objective="multi:softprob", num_class=3)
train("dart", booster="dart", rate_drop=0.5)
train("linear", booster="gblinear")
