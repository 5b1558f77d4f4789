import joblib
import numpy as np
from sklearn.linear_model import LogisticRegression

x = np.random.randn(40, 4)
y = np.random.randint(0, 2, 40)
model = LogisticRegression().fit(x, y)
joblib.dump(model, "sklearn_model.joblib")
print("accuracy", model.score(x, y))
